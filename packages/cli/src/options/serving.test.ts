import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../environment.ts';
import { listenAddress, servingOptions } from './serving.ts';

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-serving-'));
  writeFileSync(file('pem'), 'PEM');
  writeFileSync(file('password'), 'a secret \n');
  writeFileSync(file('empty'), '\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('listenAddress', () => {
  it.each([
    ['127.0.0.1:5000', '127.0.0.1', 5000],
    ['localhost:0', 'localhost', 0],
    ['[::1]:65535', '::1', 65_535],
    ['5001', '127.0.0.1', 5001],
  ])('reads %s', (text, host, port) => expect(listenAddress(text)).toEqual({ host, port }));
  it.each(['', ':5000', 'localhost', 'localhost:', '::1:5000', 'a:65536', 'a:-1', 'a:1e3', 'a b:1', '[x]:1'])(
    'rejects "%s"',
    text => expect(() => listenAddress(text)).toThrow(/HOST:PORT/),
  );
});

describe('servingOptions', () => {
  const { signal } = new AbortController();
  const session = (password?: string) => ({
    environment: readEnvironment(password ? { AIRGAP_PASSWORD: password } : {}),
    signal,
  });

  it('requires no login and no TLS by default', async () =>
    expect(await servingOptions({}, session('unused'))).toEqual({}));

  it.each([
    ['the environment', {}, 'from it'],
    [
      'a file, which takes precedence, without its trailing line ending',
      { passwordFile: 'password' },
      'a secret ',
    ],
  ])('reads the password from %s', async (_from, { passwordFile }: { passwordFile?: string }, password) => {
    const flags = { user: 'team', passwordFile: passwordFile && file(passwordFile) };
    const { login } = await servingOptions(flags, session('from it'));
    expect(login).toEqual({ username: 'team', password });
  });

  it('reads the certificate and its key', async () => {
    const { tls } = await servingOptions({ tlsCert: file('pem'), tlsKey: file('pem') }, session());
    expect(tls).toEqual({ cert: 'PEM', key: 'PEM' });
  });

  it.each([
    ['a certificate alone', { tlsCert: 'pem' }, 'USAGE'],
    ['a key alone', { tlsKey: 'pem' }, 'USAGE'],
    ['a missing certificate', { tlsCert: 'none', tlsKey: 'pem' }, 'INPUT'],
    ['a user without a password', { user: 'team' }, 'USAGE'],
    ['a user with an empty password', { user: 'team', passwordFile: 'empty' }, 'USAGE'],
    ['a user with a colon', { user: 'a:b', passwordFile: 'password' }, 'USAGE'],
    ['a password without a user', { passwordFile: 'password' }, 'USAGE'],
    ['two passwords', { user: 'team', passwordFile: 'password', passwordStdin: '' }, 'USAGE'],
    ['a missing password file', { user: 'team', passwordFile: 'none' }, 'INPUT'],
  ])('rejects %s', async (_what, flags, code) => {
    const { user, passwordStdin, ...files } = flags as Record<string, string>;
    const paths = Object.fromEntries(Object.entries(files).map(([flag, name]) => [flag, file(name)]));
    await expect(
      servingOptions(
        { user, ...(passwordStdin === undefined ? {} : { passwordStdin: true }), ...paths },
        session(),
      ),
    ).rejects.toMatchObject({ code });
  });
});
