import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { AirgapError, formatWhere } from '../model/errors.ts';
import { parseConfig } from './config.ts';

/** Texts of about the greatest size of a config; each must be parsed within this time in ms. */
const SIZE = 250_000;
const LIMIT = 20_000;

const parse = (text: string) => parseConfig({ file: 'airgap.yaml', text });

describe('parseConfig', () => {
  it.each([
    ['nothing', '', { registries: {} }],
    ['comments only', '# later\n', { registries: {} }],
    ['keys without values', 'app:\nregistries:\n', { registries: {} }],
    ['a slug of digits', 'app: 010', { app: '010', registries: {} }],
    ['platforms', 'platforms: [linux/arm64]', { registries: {}, platforms: ['linux/arm64'] }],
    [
      'credential sources',
      'credentials:\n  a.io: {username: u, passwordEnv: P}\n  "b.io:5000": {identityTokenEnv: T}',
      {
        registries: {},
        credentials: {
          'a.io': { username: 'u', passwordEnv: 'P' },
          'b.io:5000': { identityTokenEnv: 'T' },
        },
        requiresTrust: [{ key: 'credentials', position: { file: 'airgap.yaml', line: 1, column: 1 } }],
      },
    ],
    ['one platform', 'platforms: linux/arm64', { registries: {}, platforms: ['linux/arm64'] }],
    [
      'platforms of images',
      'platforms: {mcr.microsoft.com/*: "windows/amd64:10.0.20348", "*": [linux/arm64, linux/amd64], redis: all}',
      {
        registries: {},
        platforms: ['linux/arm64', 'linux/amd64'],
        imagePlatforms: { 'mcr.microsoft.com/*': ['windows/amd64:10.0.20348'], redis: ['all'] },
      },
    ],
    ['all platforms', 'platforms: all', { registries: {}, platforms: ['all'] }],
    [
      'mirrors',
      'app: a\nmirrors: {docker.io: 127.0.0.1:5000, "r:5000": [https://m.io/hub, m.io]}',
      {
        app: 'a',
        registries: {},
        mirrors: { 'docker.io': '127.0.0.1:5000', 'r:5000': ['https://m.io/hub', 'm.io'] },
        requiresTrust: [{ key: 'mirrors', position: { file: 'airgap.yaml', line: 2, column: 1 } }],
      },
    ],
    [
      'image paths',
      'imagePaths: {A: .spec.image, B: [.x, ".y[*]"]}',
      { registries: {}, imagePaths: { A: ['.spec.image'], B: ['.x', '.y[*]'] } },
    ],
    [
      'included and excluded images',
      'include:\n- quay.io/a/*\n- busybox:1\nexclude: "*:debug"',
      {
        registries: {},
        include: [
          { pattern: 'quay.io/a/*', position: { file: 'airgap.yaml', line: 2, column: 3 } },
          { pattern: 'busybox:1', position: { file: 'airgap.yaml', line: 3, column: 3 } },
        ],
        exclude: ['*:debug'],
      },
    ],
    [
      'one included image',
      'include: busybox:1',
      {
        registries: {},
        include: [{ pattern: 'busybox:1', position: { file: 'airgap.yaml', line: 1, column: 10 } }],
      },
    ],
    [
      'both forms of a registry',
      'registries:\n  hub: index.docker.io\n  quay: {endpoint: quay.io/team}',
      { registries: { hub: 'index.docker.io', quay: 'quay.io/team' } },
    ],
    [
      'rules',
      'rules:\n  latest-tag: off\n  made-up: error',
      {
        registries: {},
        rules: [
          { rule: 'latest-tag', severity: 'off', position: { file: 'airgap.yaml', line: 2, column: 3 } },
          { rule: 'made-up', severity: 'error', position: { file: 'airgap.yaml', line: 3, column: 3 } },
        ],
      },
    ],
  ])('reads %s', (_name, text, expected) => {
    expect(parse(text)).toEqual({ requiresTrust: [], ...expected });
  });

  it.each([
    ['an unknown key', 'app: a\nfoo: 1', 'airgap.yaml:2:1 unknown key: foo', 'app, registries, platforms'],
    [
      'an unknown key of a registry',
      'registries:\n  a: {endpoint: b, x: y}',
      'airgap.yaml:2:20 unknown key: x',
      'Use only these keys here: endpoint.',
    ],
    ['an unknown severity', 'rules: {a: on}', 'airgap.yaml:1:12 rules.a: must be off, info', 'rules'],
    ['a list', '- a', 'airgap.yaml:1:1 airgap.yaml', 'app, registries'],
    ['an app that is a list', 'app: [a]', 'airgap.yaml:1:6 app', 'app, registries'],
    ['a registry that is a list', 'registries:\n  a: [b]', 'airgap.yaml:2:6 registries.a: must be', 'app'],
    [
      'a password in the file',
      'credentials:\n  a.io: {username: u, passwordEnv: P, password: p}',
      'airgap.yaml:2:39 unknown key: password',
      'passwordEnv, passwordFile',
    ],
    ...[
      'username: u',
      'passwordEnv: P',
      'username: u, usernameEnv: U, passwordEnv: P',
      'username: u, passwordEnv: P, passwordFile: f',
      'identityTokenEnv: T, username: u',
    ].map((keys): [string, string, string, string] => [
      `credentials with only ${keys}`,
      `credentials:\n  a.io: {${keys}}`,
      'airgap.yaml:2:9 credentials.a.io: must have identityTokenEnv, or one of',
      'credentials',
    ]),
    [
      'a malformed image path',
      'imagePaths:\n  A: [spec]',
      'airgap.yaml:2:6 imagePaths.A: invalid image path',
      'app',
    ],
    [
      'image paths that are a mapping',
      'imagePaths: {A: {b: c}}',
      'airgap.yaml:1:17 imagePaths.A: must be',
      'app',
    ],
    ['a platform without an architecture', 'platforms: linux', '1:12 platforms: invalid platform', 'app'],
    [
      'one bad platform of two',
      'platforms: [linux/arm64, x]',
      '1:12 platforms: invalid platform: "x"',
      'app',
    ],
    [
      'platforms that are a mapping of mappings',
      'platforms: {a: {b: c}}',
      'platforms: must be a platform, or a list',
      'app',
    ],
    [
      'a bad platform of an image',
      'platforms: {"*": all, a: [b]}',
      '1:26 platforms.a: invalid platform: "b"',
      'app',
    ],
    ['a mirror of no host', 'mirrors: {docker: m.io}', '1:19 mirrors.docker: is not a registry host', 'app'],
    [
      'a mirror of another name of Docker Hub',
      'mirrors: {index.docker.io: m.io}',
      'mirrors.index.docker.io: is never used: image names have docker.io',
      'app',
    ],
    [
      'a mirror of a URL',
      'mirrors: {"https://quay.io": m.io}',
      'is never used: image names have quay.io',
      'app',
    ],
    [
      'a mirror with a login',
      'mirrors: {a.io: "https://u:p@m.io"}',
      'mirrors.a.io: has an invalid URL',
      'app',
    ],
    ['a mirror of another kind', 'mirrors: {a.io: "ftp://m.io"}', 'mirrors.a.io: has an invalid URL', 'app'],
    [
      'a mirror that is a mapping',
      'mirrors: {a.io: {b: c}}',
      'mirrors.a.io: must be a URL, or a list',
      'app',
    ],
    ['a key twice', 'app: a\napp: b', 'airgap.yaml:2:1 duplicate key: app', 'Remove one'],
    ['a key twice, once quoted', 'app: a\n"app": b', 'airgap.yaml:2:1 duplicate key: app', 'Remove one'],
    ['a key in another case', 'Credentials: {}', 'airgap.yaml:1:1 unknown key: Credentials', 'credentials'],
    ['a key in upper case', 'MIRRORS: {}', 'airgap.yaml:1:1 unknown key: MIRRORS', 'mirrors'],
    ['a merge key', '<<: {mirrors: {}}', 'airgap.yaml:1:1 unknown key: <<', 'mirrors'],
    ['an alias as a key', 'app: &k mirrors\n*k : {}', 'airgap.yaml:2:1 a key must be text', 'Write the key'],
    ['a list as a key', '? [mirrors]\n: {}', 'airgap.yaml:1:3 a key must be text', 'Write the key out.'],
    ['a second document', 'app: a\n---\nmirrors: {}', 'more than one YAML document', 'a single'],
    ['an included mapping', 'include: {a: b}', 'airgap.yaml:1:10 include: must be a pattern', 'app'],
    ['an empty pattern', 'exclude: [""]', 'airgap.yaml:1:11 exclude', 'app'],
    ['broken YAML', 'a: b: c', 'airgap.yaml:1:4 not YAML', 'Fix'],
    ['an alias without an anchor', 'app: *a', 'airgap.yaml not YAML', 'alias'],
  ])('rejects %s', (_name, text, message, hint) => {
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      expect(error.code).toBe('INPUT');
      expect(`${formatWhere(error.where)} ${error.message}`).toContain(message);
      expect(error.hint).toContain(hint);
    }
  });

  it('reports all unknown keys at once', () => {
    expect(() => parse('a: 1\nb: 2')).toThrow(
      expect.objectContaining({ message: '2 errors in airgap.yaml' }),
    );
  });

  it('expands few aliases', () => {
    const lists = Array.from({ length: 9 }, (_, at) => listOfAliases(at));
    expect(() => parse(['a: &a [x]', ...lists].join('\n'))).toThrow(/not YAML: Excessive alias count/);
  });

  it.each([
    ['nested lists', '['.repeat(SIZE)],
    ['nested mappings', '{a: '.repeat(SIZE / 4)],
    ['nested items', '- '.repeat(SIZE / 2)],
    ['nested keys', '? '.repeat(SIZE / 2)],
    ['many keys', Array.from({ length: SIZE / 10 }, (_, at) => `k${at}: x`).join('\n')],
    [
      'many keys without values',
      `${Array.from({ length: SIZE / 10 }, (_, at) => `k${at}:`).join('\n')}\nx: y`,
    ],
    ['many values', `platforms: [${'x,'.repeat(SIZE / 2)}]`],
    ['many rules', `rules: {${Array.from({ length: SIZE / 10 }, (_, at) => `k${at}: x`).join(', ')}}`],
    ['many documents', '---\n'.repeat(SIZE / 4)],
    ['many aliases', `app: &a x\nplatforms: [${'*a,'.repeat(SIZE / 3)}]`],
    ['a long tag', '!'.repeat(SIZE)],
  ])('rejects a file of %s quickly', (_name, text) => {
    const start = performance.now();
    expect(() => parse(text)).toThrow(AirgapError);
    expect(performance.now() - start).toBeLessThan(LIMIT);
  });

  it.each([
    ['a tag', '!'.repeat(SIZE)],
    ['an unknown key', `${'k'.repeat(SIZE)}: x`],
    ['a platform', `platforms: "${'p'.repeat(SIZE)}"`],
  ])('quotes %s only in part', (_name, text) => {
    try {
      parse(text);
      expect.unreachable();
    } catch (error) {
      expect((error as AirgapError).message.length).toBeLessThanOrEqual(300);
    }
  });

  it('reads many entries quickly', () => {
    const rules = Array.from({ length: SIZE / 10 }, (_, at) => `k${at}: off`);
    const start = performance.now();
    expect(parse(`rules: {${rules.join(', ')}}`).rules).toHaveLength(SIZE / 10);
    expect(performance.now() - start).toBeLessThan(LIMIT);
  });

  it.each(['__proto__', 'constructor', 'toString'])('rejects the key %s', key =>
    expect(() => parse(`${key}: {mirrors: {docker.io: evil.test}}`)).toThrow(`unknown key: ${key}`),
  );
});

describe('any text', () => {
  const key = fc.constantFrom(
    'mirrors',
    '"mirrors"',
    'credentials',
    "'credentials'",
    'app',
    '? mirrors\n',
    '<<',
    '*a',
  );
  const value = fc.constantFrom(
    '{docker.io: m.io}',
    '{a.io: {username: u, passwordEnv: P}}',
    'x',
    '&a mirrors',
    '',
    '{}',
  );
  const pair = fc.tuple(key, value).map(([name, text]) => `${name}: ${text}`);
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(pair).map(pairs => pairs.join('\n')),
  );

  test.prop([texts])('is a config whose keys that need trust are named, or an error', text => {
    try {
      const { credentials, mirrors, requiresTrust = [] } = parse(text);
      const set = [credentials && 'credentials', mirrors && 'mirrors'].filter(Boolean);
      expect(requiresTrust.map(({ key }) => key)).toEqual(set);
    } catch (error) {
      expect(error).toMatchObject({ code: 'INPUT' });
    }
  });
});

/** A list of ten aliases to the previous list. */
function listOfAliases(at: number): string {
  const [previous, name] = [at, at + 1].map(index => String.fromCharCode(97 + index));
  return `${name}: &${name} [${Array(10).fill(`*${previous}`).join(', ')}]`;
}
