import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnvironment } from '../environment.ts';
import { readConfig } from './config.ts';
import { remoteOptions } from './connection.ts';
import { type InputFlags, inputOptions } from './inputs.ts';
import { concurrency, keyValue, keyValues, repeated, sourceDateEpoch, timeout } from './parsers.ts';

const { signal } = new AbortController();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-options-'));
  writeFileSync(
    join(folder, 'c.yaml'),
    'app: conf\nregistries: {a: one.io, b: two.io}\nplatforms: [linux/arm64]\nimagePaths: {A: .x, B: [.y]}\n',
  );
  writeFileSync(join(folder, 'ca.pem'), 'PEM');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('parsers', () => {
  it('keyValue collects pairs and splits at the first =', () =>
    expect(keyValue('b=x=y', { a: '1' })).toEqual({ a: '1', b: 'x=y' }));
  it.each(['a', '=b', 'a='])('keyValue rejects %s', text =>
    expect(() => keyValue(text)).toThrow(/NAME=VALUE/),
  );
  it('keyValues collects several values of a key', () =>
    expect(keyValues('a=.y', keyValues('b=.z', keyValues('a=.x')))).toEqual({ a: ['.x', '.y'], b: ['.z'] }));
  it.each(['__proto__', 'constructor'])('keyValues accepts the key %s', key =>
    expect(Object.entries(keyValues(`${key}=.x`))).toEqual([[key, ['.x']]]),
  );
  it('repeated collects', () => expect(repeated('b', ['a'])).toEqual(['a', 'b']));
  it.each([
    ['1', 1],
    ['256', 256],
  ])('concurrency %s', (text, number) => expect(concurrency(text)).toBe(number));
  it.each(['0', '257', '1.5', '-1', '', '1e2', 'x'])('concurrency rejects "%s"', text =>
    expect(() => concurrency(text)).toThrow(/1 to 256/),
  );
  it.each([
    ['1', 1000],
    ['60', 60_000],
    ['3600', 3_600_000],
  ])('timeout %s is in seconds', (text, milliseconds) => expect(timeout(text)).toBe(milliseconds));
  it.each(['0', '3601', '1.5', '-1', '', '1s'])('timeout rejects "%s"', text =>
    expect(() => timeout(text)).toThrow(/1 to 3600/),
  );
  it.each([
    [undefined, undefined],
    ['0', 0],
    ['1700000000', 1_700_000_000],
  ])('sourceDateEpoch %s', (text, seconds) => expect(sourceDateEpoch(text)).toBe(seconds));
  it.each(['x', '-1', '1.5', '12345678901'])('sourceDateEpoch rejects %s', text =>
    expect(() => sourceDateEpoch(text)).toThrow(expect.objectContaining({ code: 'USAGE' })),
  );
});

describe('readEnvironment', () => {
  it.each([
    ['nothing', {}, [join(homedir(), '.docker', 'config.json')]],
    ['DOCKER_CONFIG', { DOCKER_CONFIG: '/d' }, ['/d/config.json']],
    [
      'DOCKER_AUTH_CONFIG',
      { DOCKER_AUTH_CONFIG: '{}', DOCKER_CONFIG: '/d' },
      [{ name: 'DOCKER_AUTH_CONFIG', text: '{}' }, '/d/config.json'],
    ],
    [
      'all',
      { DOCKER_CONFIG: '/d', REGISTRY_AUTH_FILE: '/r', XDG_RUNTIME_DIR: '/x' },
      ['/r', '/d/config.json', '/x/containers/auth.json'],
    ],
  ])('credential files of %s', (_name, env, files) =>
    expect(readEnvironment(env).credentialFiles).toEqual(files),
  );

  it('the folders of SSL_CERT_DIR', () => {
    expect(readEnvironment({ SSL_CERT_DIR: '/a::/b' }).caFolders).toEqual(['/a', '/b']);
    expect(readEnvironment({}).caFolders).toEqual([]);
  });

  it.each([
    ['nothing', {}, join(homedir(), '.config', 'airgap')],
    ['XDG_CONFIG_HOME', { XDG_CONFIG_HOME: '/c' }, '/c/airgap'],
    ['a relative XDG_CONFIG_HOME', { XDG_CONFIG_HOME: 'c' }, join(homedir(), '.config', 'airgap')],
    ['an empty XDG_CONFIG_HOME', { XDG_CONFIG_HOME: '' }, join(homedir(), '.config', 'airgap')],
  ])('config folder of %s', (_name, env, folder) => expect(readEnvironment(env).configFolder).toBe(folder));

  it.each([
    ['nothing', {}, undefined],
    ['NO_COLOR', { NO_COLOR: '1' }, false],
    ['NO_COLOR over FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR', { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, false],
    ['an empty NO_COLOR', { NO_COLOR: '' }, undefined],
    ['a dumb terminal', { TERM: 'dumb' }, false],
  ])('colour with %s', (_name, env, color) => expect(readEnvironment(env).color).toBe(color));
});

const environment = readEnvironment({ XDG_CONFIG_HOME: '/nonexistent' });
const inputOptionsOf = async (inputs: string[], flags: InputFlags) =>
  inputOptions(inputs, flags, await readConfig(flags.config, environment), {
    signal,
    environment: readEnvironment({ TAG: '1', OTHER: '2' }),
  });

describe('inputOptions', () => {
  it('reads the config', async () =>
    expect(await inputOptionsOf(['s'], { config: join(folder, 'c.yaml') })).toEqual({
      specs: ['s'],
      compose: { variables: {} },
      helm: {},
      locations: { app: 'conf', registries: { a: 'one.io', b: 'two.io' } },
      imagePaths: { A: ['.x'], B: ['.y'] },
      include: [],
      exclude: [],
      rules: [],
      signal,
      platforms: [{ os: 'linux', architecture: 'arm64' }],
      mirrors: {},
      signatures: [],
    }));

  it('takes only named variables from the environment', async () => {
    const { compose } = await inputOptionsOf(['s'], { env: ['TAG', 'MISSING', 'GIVEN=x=y'], envFile: ['e'] });
    expect(compose).toEqual({ variables: { TAG: '1', GIVEN: 'x=y' }, envFiles: ['e'] });
  });

  it('flags take precedence over the config', async () => {
    const flags = { config: join(folder, 'c.yaml'), app: 'flag', registry: { a: 'x.io' }, platform: ['all'] };
    expect(await inputOptionsOf(['s'], flags)).toMatchObject({
      locations: { app: 'flag', registries: { a: 'x.io', b: 'two.io' } },
      platforms: 'all',
    });
  });

  it('adds image paths to those of the config', async () => {
    const flags = { config: join(folder, 'c.yaml'), imagePath: { B: ['.z'], C: ['.w'] } };
    expect((await inputOptionsOf(['s'], flags)).imagePaths).toEqual({
      A: ['.x'],
      B: ['.y', '.z'],
      C: ['.w'],
    });
  });

  it('adds excluded images to those of the config', async () => {
    const config = join(folder, 'exclude.yaml');
    writeFileSync(config, 'exclude: a\n');
    expect(await inputOptionsOf(['s'], { config, exclude: ['b', '*/c'] })).toMatchObject({
      exclude: ['a', 'b', '*/c'],
    });
  });

  it('works without the default config', async () =>
    expect((await inputOptionsOf(['s'], {})).platforms).toBeUndefined());

  it.each([
    ['a missing explicit config', ['s'], { config: '/nonexistent/c.yaml' }, 'INPUT'],
    ['standard input twice', ['-', '-'], {}, 'USAGE'],
    ['a platform without architecture', ['s'], { platform: ['linux'] }, 'USAGE'],
  ])('rejects %s', async (_name, inputs, flags, code) =>
    expect(inputOptionsOf(inputs, flags)).rejects.toMatchObject({ code }),
  );
});

describe('remoteOptions', () => {
  const bare = readEnvironment({});

  it.each([
    ['for every host', (path: string) => path, { pem: 'PEM' }],
    ['for one host', (path: string) => `h:5000=${path}`, { host: 'h:5000', pem: 'PEM' }],
  ])('reads a certificate authority %s', async (_name, flag, ca) =>
    expect((await remoteOptions({ ca: [flag(join(folder, 'ca.pem'))] }, bare)).ca).toEqual([ca]),
  );
  it('reads client certificates with their keys', async () => {
    const pem = join(folder, 'ca.pem');
    const flags = { cert: [`h=${pem}`, pem], key: [pem, `h=${pem}`] };
    expect((await remoteOptions(flags, bare)).clientCertificates).toEqual([
      { host: 'h', cert: 'PEM', key: 'PEM' },
      { host: undefined, cert: 'PEM', key: 'PEM' },
    ]);
  });
  it.each([{ cert: ['a=ca.pem'], key: ['b=ca.pem'] }, { cert: ['ca.pem'] }, { key: ['ca.pem'] }])(
    'rejects %j: each requires the other',
    async flags => {
      const paths = Object.fromEntries(
        Object.entries(flags).map(([name, list]) => [
          name,
          list.map(flag => flag.replace('ca.pem', join(folder, 'ca.pem'))),
        ]),
      );
      await expect(remoteOptions(paths, bare)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );
  it('rejects a missing file', () =>
    expect(remoteOptions({ ca: ['/nonexistent'] }, bare)).rejects.toMatchObject({ code: 'INPUT' }));
});
