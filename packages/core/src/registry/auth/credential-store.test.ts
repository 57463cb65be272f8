import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { CredentialStore } from './credential-store.ts';

const SECRET = 's3cret';
const NOT_FOUND = 'echo "credentials not found in native keychain"; exit 1';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-helpers-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
});
beforeEach(() => rmSync(join(folder, 'calls'), { force: true }));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Installs a helper that runs this script with the server in `$server`. */
function helper(name: string, script: string): void {
  const path = join(folder, `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\nserver=$(cat)\necho "$1 $server" >>"${folder}/calls"\n${script}\n`);
  chmodSync(path, 0o755);
}

function outputs(username: string): string {
  return `echo '{"ServerURL":"x","Username":"${username}","Secret":"${SECRET}"}'`;
}

function config(content: object): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

function openFile(path: string): string {
  writeFileSync(path, '{}');
  return path;
}

const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

describe('CredentialStore', () => {
  it.each<[string, object, string, object | undefined]>([
    ['an entry of auths', { auths: { 'a.io': auth('u:p:q') } }, 'a.io', { username: 'u', password: 'p:q' }],
    ['an entry written as a URL', { auths: { 'https://a.io/v1/': auth('u:p') } }, 'a.io', { username: 'u' }],
    [
      "Docker Hub's entry, for its API",
      { auths: { 'https://index.docker.io/v1/': auth('u:p') } },
      'registry-1.docker.io',
      { username: 'u' },
    ],
    ['nothing for another port', { auths: { 'a.io': auth('u:p') } }, 'a.io:5000', undefined],
    ['nothing for an entry without secrets', { auths: { 'a.io': {} } }, 'a.io', undefined],
    ['the entry of credsStore', { credsStore: 'good' }, 'a.io', { username: 'helped', password: SECRET }],
    [
      "the host's own helper before credsStore",
      { credsStore: 'bad', credHelpers: { 'a.io': 'good' } },
      'a.io',
      { username: 'helped' },
    ],
    [
      'an entry despite an empty helper',
      { credsStore: 'bad', credHelpers: { 'a.io': '' }, auths: { 'a.io': auth('u:p') } },
      'a.io',
      { username: 'u' },
    ],
    [
      'auths when the helper has no entry',
      { credsStore: 'empty', auths: { 'a.io': auth('u:p') } },
      'a.io',
      { username: 'u' },
    ],
    ['nothing without an entry', { credsStore: 'empty' }, 'a.io', undefined],
    ['an identity token', { credsStore: 'token' }, 'a.io', { identityToken: SECRET }],
    ['a registry token', { auths: { 'a.io': { registrytoken: 't' } } }, 'a.io', { registryToken: 't' }],
    [
      'the longest key',
      { auths: { 'a.io': auth('host:p'), 'a.io/team': auth('u:p'), 'a.io/team/app/x': auth('x:p') } },
      'a.io/team/app',
      { username: 'u' },
    ],
    [
      'the key of the host',
      { auths: { 'https://a.io/v2/': auth('u:p') } },
      'a.io/team/app',
      { username: 'u' },
    ],
    ['nothing for a part of a component', { auths: { 'a.io/te': auth('u:p') } }, 'a.io/team/app', undefined],
    ['nothing for another namespace', { auths: { 'a.io/org-b': auth('u:p') } }, 'a.io/org-a/app', undefined],
    [
      'the helper of a namespace',
      { credsStore: 'bad', credHelpers: { 'a.io/team': 'good' } },
      'a.io/team/app',
      { username: 'helped' },
    ],
    ['nothing in an entry without user and password', { auths: { 'a.io': auth(':') } }, 'a.io', undefined],
    ['nothing in a null entry', { auths: { 'a.io': null } }, 'a.io', undefined],
    ['nothing in null keys', { auths: null, credsStore: null, credHelpers: null }, 'a.io', undefined],
    [
      'an entry with null keys',
      { auths: { 'a.io': { ...auth('u:p'), identitytoken: null } } },
      'a.io',
      { username: 'u', password: 'p', identityToken: undefined },
    ],
    ['nothing when the helper answers with empty strings', { credsStore: 'blank' }, 'a.io', undefined],
  ])('finds %s', async (_name, content, host, expected) => {
    helper('good', outputs('helped'));
    helper('token', outputs('<token>'));
    helper('empty', NOT_FOUND);
    helper('blank', `echo '{"ServerURL":"x","Username":"","Secret":""}'`);
    helper('bad', 'exit 9');
    const found = await (await CredentialStore.read([config(content)])).for(host);
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });

  it('prefers the given credentials, and runs no helper', async () => {
    helper('good', outputs('helped'));
    const given = { 'index.docker.io': { username: 'given', password: 'x' } };
    const store = await CredentialStore.read([config({ credsStore: 'good' })], given);
    expect(await store.for('docker.io')).toMatchObject({ username: 'given' });
    expect(calls).toThrow(/ENOENT/);
  });

  it("runs a helper once per host, with docker's key for Docker Hub", async () => {
    helper('good', outputs('helped'));
    const store = await CredentialStore.read([config({ credsStore: 'good' })]);
    expect(calls).toThrow(/ENOENT/);
    await Promise.all(['a.io', 'a.io', 'docker.io', 'registry-1.docker.io'].map(host => store.for(host)));
    await store.for('a.io');
    expect(calls().sort()).toEqual(['get a.io', 'get https://index.docker.io/v1/']);
  });

  it.each([
    [
      'fails',
      `${outputs('x')}; echo ${SECRET} >&2; exit 3`,
      /docker-credential-odd failed to get: exit status 3/,
    ],
    ['prints no JSON', `echo '${SECRET}'`, /docker-credential-odd .* unexpected output/],
    ['prints other JSON', `echo '{"Secret":"${SECRET}"}'`, /docker-credential-odd .* unexpected output/],
    [
      'prints too much',
      `head -c 100000 /dev/zero | tr '\\0' ${SECRET}`,
      /docker-credential-odd .* its output exceeds 65,536 characters/,
    ],
  ])('names a helper that %s, and does not quote it', async (_name, script, message) => {
    helper('odd', script);
    const store = await CredentialStore.read([config({ credsStore: 'odd' })]);
    const error = await store.for('a.io').catch(thrown => thrown);
    expect(error).toMatchObject({
      code: 'INPUT',
      message: expect.stringMatching(message),
      where: { host: 'a.io' },
    });
    expect(`${error.message}${error.hint}${error.stack}${error.cause}`).not.toContain(SECRET);
  });

  it('names a missing helper', async () => {
    const store = await CredentialStore.read([config({ credsStore: 'absent' })]);
    await expect(store.for('a.io')).rejects.toThrow(/docker-credential-absent .* not found on PATH/);
  });

  it('kills a helper that hangs when it is interrupted', async () => {
    helper('slow', 'exec sleep 60');
    const stopper = new AbortController();
    const store = await CredentialStore.read([config({ credsStore: 'slow' })]);
    const found = store.for('a.io', stopper.signal);
    setTimeout(() => stopper.abort(new Error('stopped')), 200);
    await expect(found).rejects.toThrow('stopped');
  });

  it.each(['../../bin/evil', '/bin/evil', 'a/b', '..', '-x', 'a b', 'a;b'])(
    'rejects a helper named %s',
    async name => {
      await expect(CredentialStore.read([config({ credsStore: name })])).rejects.toThrow(
        /unexpected value of "credsStore"/,
      );
      await expect(CredentialStore.read([config({ credHelpers: { 'a.io': name } })])).rejects.toThrow(
        /unexpected value of "credHelpers.a.io"/,
      );
    },
  );

  it.each<[string, (path: string) => void]>([
    ['a missing file', () => {}],
    ['an empty file', path => writeFileSync(path, '')],
    ['blanks', path => writeFileSync(path, ' \n')],
  ])('takes %s for one without credentials, without a warning', async (_name, make) => {
    const path = join(folder, 'other.json');
    make(path);
    const warnings: string[] = [];
    const store = await CredentialStore.read([path], {}, message => warnings.push(message));
    rmSync(path, { force: true });
    expect(await store.for('a.io')).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['a folder', path => mkdirSync(path), /a directory/],
    ['a FIFO', path => execFileSync('mkfifo', [path]), /not a regular file/],
    ['a link to itself', path => symlinkSync(path, path), /ELOOP/],
    ['a file that is too large', path => truncateSync(openFile(path), 20_000_000), /larger than 16 MiB/],
  ])('warns of %s, and uses the other files', async (_name, make, words) => {
    const path = join(folder, 'other.json');
    make(path);
    const warnings: string[] = [];
    const files = [path, config({ auths: { 'a.io': auth('u:p') } })];
    const store = await CredentialStore.read(files, {}, message => warnings.push(message));
    rmSync(path, { recursive: true, force: true });
    expect(await store.for('a.io')).toMatchObject({ username: 'u', source: files[1] });
    expect(warnings).toEqual([expect.stringMatching(words)]);
    expect(warnings[0]).toContain(path);
  });

  it('reads a text, and names it', async () => {
    const text = JSON.stringify({ auths: { 'a.io': auth('u:p') } });
    const store = await CredentialStore.read([{ name: 'DOCKER_AUTH_CONFIG', text }]);
    expect(await store.for('a.io')).toMatchObject({ username: 'u', source: 'DOCKER_AUTH_CONFIG' });
    await expect(
      CredentialStore.read([{ name: 'DOCKER_AUTH_CONFIG', text: `{${SECRET}` }]),
    ).rejects.toMatchObject({
      code: 'INPUT',
      message: 'invalid docker config.json: not JSON',
      where: { path: 'DOCKER_AUTH_CONFIG' },
    });
  });

  it('never quotes an invalid file', async () => {
    const path = join(folder, 'config.json');
    writeFileSync(path, `{"auths": {"a.io": {"password": "${SECRET}"`);
    const error = await CredentialStore.read([path]).catch(thrown => thrown);
    expect(error).toMatchObject({ code: 'INPUT', where: { path } });
    expect(`${error.message}${error.stack}${error.cause}`).not.toContain(SECRET);
  });
});
