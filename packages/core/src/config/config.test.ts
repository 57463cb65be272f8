import { describe, expect, it } from 'vitest';
import { AirgapError, formatWhere } from '../model/errors.ts';
import { parseConfig } from './config.ts';

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
    const unset = { app: undefined, platforms: undefined, imagePaths: undefined, mirrors: undefined };
    expect(parse(text)).toEqual({ ...unset, ...expected });
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
});
