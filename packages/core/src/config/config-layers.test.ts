import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { distrust, trust, trustedConfigs } from '../verbs/trust.ts';
import { MAX_CONFIG_SIZE } from './config-file.ts';
import { mergeLayers, readLayers, requireTrust, withoutTrustedKeys } from './config-layers.ts';

const MIRROR = 'mirrors: {docker.io: https://evil.test}\n';
const CREDENTIALS = 'credentials: {evil.test: {username: u, passwordEnv: SECRET}}\n';

let root: string;
/** A cloned folder, the user's config folder, and the files in it. */
let clone: string;
let user: string;
let store: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'airgap-trust-'));
  clone = join(root, 'clone');
  mkdirSync(clone);
  mkdirSync(join(root, 'own'), { mode: 0o700 });
  user = join(root, 'own', 'config.yaml');
  store = join(root, 'own', 'trusted.json');
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (text: string, folder = clone) => writeFileSync(join(folder, 'airgap.yaml'), text);
const writeUser = (text: string) => writeFileSync(user, text, { mode: 0o600 });
const places = (folder = clone) => ({ folder, user, trust: store });
const trustFolder = (folder = clone) => trust({ folder, store });

/** Returns the settings of a command that makes requests. */
async function settings(from: Parameters<typeof readLayers>[0] = places()) {
  const layers = await readLayers(from);
  await requireTrust(layers, from);
  return mergeLayers(layers);
}

async function rejection(from = places()): Promise<AirgapError> {
  try {
    await settings(from);
  } catch (error) {
    if (error instanceof AirgapError) return error;
    throw error;
  }
  throw new Error('the settings counted');
}

describe('a config in an untrusted folder', () => {
  it.each([
    ['mirrors', MIRROR, '"mirrors" of'],
    ['credentials', CREDENTIALS, '"credentials" of'],
    ['both', MIRROR + CREDENTIALS, '"credentials" and "mirrors" of'],
    ['an alias as its value', `imagePaths: {}\nmirrors: &m {docker.io: evil.test}\n`, '"mirrors" of'],
    ['a quoted key', '"mirrors": {docker.io: evil.test}', '"mirrors" of'],
    ['an escaped key', '"\\x6dirrors": {docker.io: evil.test}', '"mirrors" of'],
    ['a tagged key', '!!str mirrors: {docker.io: evil.test}', '"mirrors" of'],
    ['a complex key', '? mirrors\n: {docker.io: evil.test}', '"mirrors" of'],
    ['JSON', '{"mirrors": {"docker.io": "evil.test"}}', '"mirrors" of'],
    ['a byte order mark', `\uFEFF${MIRROR}`, '"mirrors" of'],
    ['no entries', 'mirrors: {}', '"mirrors" of'],
  ])('with %s stops a command that makes requests', async (_name, text, message) => {
    write(text);
    const error = await rejection();
    expect(error).toMatchObject({ code: 'INPUT', hint: expect.stringContaining('run "airgap trust"') });
    expect(error.message).toContain(message);
    expect(error.message).toContain('its folder is not trusted');
    expect(error.hint).toContain('--config airgap.yaml');
    expect(error.hint).toContain('AIRGAP_CONFIG');
    expect(error.hint).toContain(user);
  });

  it('counts for all other keys', async () => {
    write(
      'app: a\nregistries: {q: quay.io}\nplatforms: all\nimagePaths: {A: .x}\nrules: {latest-tag: off}\n',
    );
    expect(await settings()).toMatchObject({
      app: 'a',
      registries: { q: 'quay.io' },
      platforms: ['all'],
      imagePaths: { A: ['.x'] },
      rules: [{ rule: 'latest-tag' }],
    });
  });

  it('has no credentials and no mirrors in a command that makes no request', async () => {
    write(`app: a\n${MIRROR}${CREDENTIALS}`);
    const { app, credentials, credentialsFrom, mirrors, mirrorsFrom } = mergeLayers(
      (await readLayers(places())).map(withoutTrustedKeys),
    );
    expect(app).toBe('a');
    expect([credentials, credentialsFrom, mirrors, mirrorsFrom]).toEqual([{}, {}, {}, {}]);
  });
});

describe('a trusted folder', () => {
  it('counts for all keys', async () => {
    write(MIRROR + CREDENTIALS);
    const { path, credentials, mirrors } = await trustFolder();
    expect({ path, credentials, mirrors }).toEqual({
      path: join(clone, 'airgap.yaml'),
      credentials: { 'evil.test': '$SECRET' },
      mirrors: { 'docker.io': ['https://evil.test'] },
    });
    expect(await settings()).toMatchObject({ mirrors: { 'docker.io': 'https://evil.test' } });
  });

  it('is recorded in a file that only the user can read', async () => {
    rmSync(join(root, 'own'), { recursive: true });
    write(MIRROR);
    await trustFolder();
    expect([join(root, 'own'), store].map(path => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  });

  it.each([
    ['a key', MIRROR + CREDENTIALS],
    ['one byte', `${MIRROR} `],
    ['a line ending', MIRROR.replace('\n', '\r\n')],
  ])('must be trusted again after a change of %s', async (_name, text) => {
    write(MIRROR);
    await trustFolder();
    write(text);
    expect((await rejection()).message).toContain('it has changed since it was trusted');
    expect(await trustedConfigs(store)).toMatchObject([{ state: 'changed' }]);
    await trustFolder();
    expect((await settings()).mirrors).toHaveProperty(['docker.io']);
  });

  it('does not count after it was removed, even when the folder is gone', async () => {
    write(MIRROR);
    await trustFolder();
    const removed = { path: join(clone, 'airgap.yaml'), removed: true };
    expect(await distrust({ folder: clone, store })).toEqual(removed);
    expect((await rejection()).message).toContain('its folder is not trusted');
    await trustFolder();
    rmSync(clone, { recursive: true });
    expect(await trustedConfigs(store)).toMatchObject([{ state: 'missing' }]);
    expect(await distrust({ folder: clone, store })).toEqual(removed);
    expect(await distrust({ folder: clone, store })).toMatchObject({ removed: false });
  });

  it('does not make its subfolders or a copy trusted', async () => {
    write(MIRROR);
    await trustFolder();
    for (const folder of [join(clone, 'sub'), join(root, 'copy')]) {
      mkdirSync(folder);
      write(MIRROR, folder);
      expect((await rejection(places(folder))).message).toContain('its folder is not trusted');
    }
  });

  it('is trusted through a link to the folder', async () => {
    write(MIRROR);
    const link = join(root, 'link');
    symlinkSync(clone, link);
    await trustFolder(link);
    expect(await trustedConfigs(store)).toMatchObject([{ path: join(clone, 'airgap.yaml') }]);
    expect((await settings(places(link))).mirrors).toHaveProperty(['docker.io']);
  });

  it('does not trust another folder whose config is a link to it', async () => {
    write(MIRROR);
    await trustFolder();
    const other = join(root, 'other');
    mkdirSync(other);
    symlinkSync(join(clone, 'airgap.yaml'), join(other, 'airgap.yaml'));
    expect((await rejection(places(other))).message).toContain('its folder is not trusted');
  });

  it('must be trusted again when its config is a link whose target changes', async () => {
    const target = join(root, 'shared.yaml');
    writeFileSync(target, MIRROR);
    symlinkSync(target, join(clone, 'airgap.yaml'));
    await trustFolder();
    expect((await settings()).mirrors).toHaveProperty(['docker.io']);
    writeFileSync(target, MIRROR + CREDENTIALS);
    expect((await rejection()).message).toContain('it has changed');
  });

  it('has the settings that were checked, when the file is replaced meanwhile', async () => {
    write(MIRROR);
    await trustFolder();
    const layers = await readLayers(places());
    write(CREDENTIALS);
    await requireTrust(layers, places());
    const { credentials, mirrors } = mergeLayers(layers);
    expect({ credentials, mirrors }).toEqual({
      credentials: {},
      mirrors: { 'docker.io': 'https://evil.test' },
    });
  });
});

describe('the list of trusted configs', () => {
  beforeEach(async () => {
    write(MIRROR);
    await trustFolder();
  });

  it.each([
    ['the file is writable by the group', () => chmodSync(store, 0o620)],
    ['the file is writable by all', () => chmodSync(store, 0o602)],
    ['its folder is writable by all', () => chmodSync(join(root, 'own'), 0o777)],
    [
      'it is a link into a folder that is writable by all',
      () => {
        mkdirSync(join(root, 'open'));
        chmodSync(join(root, 'open'), 0o777);
        execFileSync('mv', [store, join(root, 'open', 'trusted.json')]);
        symlinkSync(join(root, 'open', 'trusted.json'), store);
      },
    ],
  ])('does not count when %s', async (_name, weaken) => {
    weaken();
    const error = await rejection();
    expect(error.message).toMatch(/may have been changed: .* is writable by other users \(mode 0\d{3}\)/);
    expect(error.hint).toContain('chmod go-w');
    await expect(trustFolder()).rejects.toMatchObject({ code: 'INPUT' });
    await expect(distrust({ folder: clone, store })).rejects.toMatchObject({ code: 'INPUT' });
  });

  it.runIf(process.getuid?.() === 0)('does not count when it belongs to another user', async () => {
    chownSync(store, 12_345, 12_345);
    expect((await rejection()).message).toContain('belongs to another user (uid 12345)');
  });

  it.each([
    ['no JSON', '{'],
    ['another version', '{"version": 2, "trusted": {}}'],
    ['unknown keys', '{"version": 1, "trusted": {}, "all": true}'],
    ['an invalid digest', '{"version": 1, "trusted": {"/a": "*"}}'],
    ['a list', '[]'],
  ])('does not count when it has %s', async (_name, text) => {
    writeFileSync(store, text);
    expect((await rejection()).message).toContain('the list of trusted configs is damaged');
  });

  it.each<[string, () => unknown, string]>([
    ['too large', () => writeFileSync(store, ' '.repeat(MAX_CONFIG_SIZE + 1)), 'larger than 250000 bytes'],
    [
      'a pipe',
      () => {
        rmSync(store);
        execFileSync('mkfifo', [store]);
      },
      'is not a regular file',
    ],
  ])('does not count when it is %s', async (_name, replace, message) => {
    replace();
    expect((await rejection()).message).toContain(message);
  });

  it('is not read for a config without such keys', async () => {
    write('app: a\n');
    chmodSync(store, 0o666);
    expect((await settings()).app).toBe('a');
  });
});

describe('a config of the user', () => {
  it('counts for all keys, below the config of the folder', async () => {
    writeUser('app: mine\nregistries: {a: a.io, b: b.io}\nmirrors: {docker.io: m.io}\nplatforms: all\n');
    write('app: theirs\nregistries: {b: c.io}\n');
    expect(await settings()).toMatchObject({
      app: 'theirs',
      registries: { a: 'a.io', b: 'c.io' },
      platforms: ['all'],
      mirrors: { 'docker.io': 'm.io' },
      mirrorsFrom: { 'docker.io': user },
    });
  });

  it.each([0o620, 0o666])('does not count for credentials with mode 0%o', async mode => {
    writeUser(CREDENTIALS);
    chmodSync(user, mode);
    const error = await rejection();
    expect(error.message).toContain('is writable by other users');
    expect(error.hint).toContain('chmod go-w');
  });

  it.each<[string, (path: string) => unknown]>([
    ['has no folder', path => rmSync(join(path, '..'), { recursive: true })],
    [
      'is below a file',
      path => {
        rmSync(join(path, '..'), { recursive: true });
        writeFileSync(join(path, '..'), '');
      },
    ],
  ])('need not exist: %s', async (_name, remove) => {
    remove(user);
    expect((await settings()).registries).toEqual({});
  });
});

describe('a config that is named', () => {
  it.each(['--config', 'AIRGAP_CONFIG'] as const)(
    'by %s counts for all keys, in place of that of the folder',
    async origin => {
      write('app: folder\n');
      const path = join(root, 'named.yaml');
      writeFileSync(path, 'credentials: {a.io: {username: u, passwordFile: p}}\n');
      expect(await settings({ ...places(), named: { origin, path } })).toMatchObject({
        app: undefined,
        credentials: { 'a.io': { passwordFile: join(root, 'p') } },
        credentialsFrom: { 'a.io': path },
      });
    },
  );

  it('must exist', () =>
    expect(
      settings({ ...places(), named: { origin: '--config', path: '/nonexistent' } }),
    ).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining('no such file'),
    }));
});

describe('an airgap.yaml that is no config', () => {
  it.each<[string, (path: string) => unknown, RegExp]>([
    ['too large', path => writeFileSync(path, '#'.repeat(MAX_CONFIG_SIZE + 1)), /larger than 250000 bytes/],
    ['a link to an endless device', path => symlinkSync('/dev/zero', path), /is not a regular file/],
    ['a pipe without a writer', path => execFileSync('mkfifo', [path]), /is not a regular file/],
    ['a directory', path => mkdirSync(path), /is a directory/],
    ['a link to itself', path => symlinkSync(path, path), /cannot be read/],
  ])('is an error when it is %s', async (_name, make, message) => {
    make(join(clone, 'airgap.yaml'));
    expect(await rejection()).toMatchObject({ code: 'INPUT', message: expect.stringMatching(message) });
  });

  it('of the greatest size is read', async () => {
    write(`app: a\n${'#'.repeat(MAX_CONFIG_SIZE - 7)}`);
    expect((await settings()).app).toBe('a');
  });
});
