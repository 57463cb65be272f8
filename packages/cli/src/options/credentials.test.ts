import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../environment.ts';
import { configuredCredentials } from './credentials.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-credentials-'));
  writeFileSync(join(folder, 'password'), 'from file \n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const environment = readEnvironment({ U: 'user', P: 'from env', T: 'token', EMPTY: '' });
const configured = (source: object) =>
  configuredCredentials(
    { credentials: { 'a.io': source }, credentialsFrom: { 'a.io': 'airgap.yaml' } },
    environment,
  );

describe('configuredCredentials', () => {
  it.each([
    ['a password from the environment', { username: 'me', passwordEnv: 'P' }, 'me', 'from env'],
    ['both from the environment', { usernameEnv: 'U', passwordEnv: 'P' }, 'user', 'from env'],
  ])('reads %s', async (_name, source, username, password) =>
    expect(await configured(source)).toEqual({ 'a.io': { username, password, source: 'airgap.yaml' } }),
  );
  it('reads a password from a file, without its line end', async () =>
    expect(await configured({ username: 'me', passwordFile: join(folder, 'password') })).toEqual({
      'a.io': { username: 'me', password: 'from file ', source: 'airgap.yaml' },
    }));
  it('reads an identity token', async () =>
    expect(await configured({ identityTokenEnv: 'T' })).toMatchObject({
      'a.io': { identityToken: 'token' },
    }));

  it.each([
    ['an unset variable', { username: 'me', passwordEnv: 'NOPE' }, /NOPE.*a\.io.*not set/],
    ['an empty variable', { usernameEnv: 'EMPTY', passwordEnv: 'P' }, /EMPTY.*not set/],
    ['an endless file', { username: 'me', passwordFile: '/dev/zero' }, /password file.*not a regular file/],
    ['a directory', { username: 'me', passwordFile: '/tmp' }, /password file.*not a regular file/],
    ['a large file', { username: 'me', passwordFile: process.execPath }, /\d+ bytes, at most 65536/],
    ['a missing file', { username: 'me', passwordFile: 'nope' }, /password file.*no such file/],
  ])('rejects %s', (_name, source, message) =>
    expect(configured(source)).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(message),
    }),
  );
});
