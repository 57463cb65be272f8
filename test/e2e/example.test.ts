import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { output } from '../support/programs/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('the example program of the docs builds, verifies and inspects a bundle', async () => {
  await using registry = await TestRegistry.start();
  registry.push('library/redis:7', imageOf({ layers: [await noiseLayer('example', 100_000)] }));
  using work = new TempDir();
  const program = [`${ROOT}node_modules/tsx/dist/cli.mjs`, '-C', 'source', `${ROOT}docs/examples/build.ts`];
  const stdout = await output(
    process.execPath,
    ...program,
    'redis:7',
    work.file('bundle.tar'),
    `http://${registry.host}`,
  );
  expect(stdout).toContain('docker.io/library/redis:7: 0 problems');
});
