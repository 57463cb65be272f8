import { existsSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { TestRegistry } from '../../../../test/registry/registry.ts';
import { TempDir } from '../../../../test/support/airgap.ts';
import { login } from './login.ts';

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

it.each<[string, boolean, string]>([
  ['me@example.com', true, 'Pass a user API token of me@example.com'],
  ['ci', true, 'Check the service account token'],
  ['wrong', true, 'Check that the license is not expired'],
  ['me@example.com', false, 'many registries require an access token'],
])('a rejected login of %s (Replicated: %s) says what fits', async (username, isReplicated, hint) => {
  await using registry = await TestRegistry.start({
    auth: { scheme: 'basic', username: 'someone', password: 'secret' },
  });
  const options = {
    registry: registry.host,
    username,
    password: 'wrong',
    dockerConfig: work.file('config.json'),
  };
  const domain = isReplicated ? { registryDomain: registry.host } : {};
  const failed = await login({ ...options, ...domain }).catch(error => error);
  expect(failed).toMatchObject({ code: 'DENIED', hint: expect.stringContaining(hint) });
  expect(existsSync(options.dockerConfig)).toBe(false);
});
