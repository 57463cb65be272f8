import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks, output } from '../support/programs/program.ts';
import { TokenServer } from '../support/programs/token-server.ts';

const USER = 'me';
const PASSWORD = 'pass:wörd $x';
const withoutRegistry = lacks('logins to docker-registry', 'docker-registry');
const withoutClients = lacks('other programs that use the file of login', 'skopeo', 'docker');
const withoutTerminal = lacks('logins on a terminal', 'script');

/** A credential helper that stores credentials in a file. */
const HELPER = `#!/bin/sh
store="$(dirname "$0")/store.json"
case $1 in
  store) cat >"$store" ;;
  get) read -r server; grep -qs "\\"ServerURL\\":\\"$server\\"" "$store" || { echo "credentials not found in native keychain"; exit 1; }; cat "$store" ;;
  erase) rm -f "$store" ;;
esac
`;

let work: TempDir;
beforeEach(() => {
  work = new TempDir();
});
afterEach(() => work[Symbol.dispose]());

const config = () => JSON.parse(readFileSync(work.file('config.json'), 'utf8'));
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
const run = (args: string[], stdin = '') =>
  airgap(args, {
    cwd: work.path,
    stdin,
    env: { DOCKER_CONFIG: work.path, PATH: `${work.path}:${process.env.PATH}` },
  });
const logIn = (host: string, password = PASSWORD) =>
  run(['login', host, '-u', USER, '--password-stdin'], password);

/** Logs in on a terminal, answering each prompt. */
async function onTerminal(host: string, dialogue: { prompt: string; answer: string }[]) {
  const command = `${process.execPath} ${AIRGAP} login ${host}`;
  const env = { ...process.env, DOCKER_CONFIG: work.path, NO_COLOR: '1' };
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { env });
  let shown = '';
  terminal.stdout.on('data', chunk => {
    shown += chunk;
    const next = dialogue[0];
    if (next === undefined || !shown.includes(next.prompt)) return;
    dialogue.shift();
    terminal.stdin.write(next.answer);
  });
  const status = await new Promise(resolve => terminal.on('close', resolve));
  return { shown, status };
}

/** Starts a registry with one image that requires authentication. */
async function startClosed(folder: string, auth: object): Promise<Distribution> {
  {
    await using open = await Distribution.start(folder);
    await open.push('team/app:1', imageOf({ layers: [await noiseLayer('login', 300_000)] }));
  }
  return Distribution.start(folder, { auth });
}

const kinds = [
  ['htpasswd', withoutRegistry || lacks('logins with htpasswd', 'htpasswd')],
  ['token', withoutRegistry || lacks('logins with tokens', 'openssl')],
] as const;

describe.each(kinds)('a docker-registry with %s auth', (kind, withoutAuth) => {
  if (withoutAuth) return void it.skip('needs programs that are missing');

  const folder = new TempDir();
  let registry: Distribution;
  let tokens: TokenServer | undefined;
  beforeAll(async () => {
    if (kind === 'token') tokens = await TokenServer.start(folder.path, USER, PASSWORD);
    else await output('htpasswd', '-Bbc', folder.file('htpasswd'), USER, PASSWORD);
    const htpasswd = { htpasswd: { realm: 'test', path: folder.file('htpasswd') } };
    registry = await startClosed(folder.path, tokens?.settings ?? htpasswd);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await tokens?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('can be built from after a login and not after a logout', async () => {
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const build = () => run(['build', 'list.txt', '-o', 'bundle.tar']);
    expect((await build()).status).toBe(2);
    const login = await logIn(registry.host, `${PASSWORD}\n`);
    expect(login.stderr).toContain('stored unencrypted');
    expect([login.status, String(login.stdout)]).toEqual([0, `logged in to ${registry.host}\n`]);
    expect((await build()).status).toBe(0);
    expect((await run(['logout', registry.host])).status).toBe(0);
    expect((await run(['plan', 'list.txt'])).status).toBe(2);
  });

  it.skipIf(withoutClients)('is open to docker and skopeo after a login', async () => {
    expect((await logIn(registry.host)).status).toBe(0);
    const authfile = ['--authfile', work.file('config.json')];
    const skopeo = await output(
      'skopeo',
      'inspect',
      '--tls-verify=false',
      ...authfile,
      `docker://${registry.host}/team/app:1`,
    );
    expect(skopeo).toContain('"Layers"');
    const docker = [
      '--config',
      work.path,
      'manifest',
      'inspect',
      '--insecure',
      `${registry.host}/team/app:1`,
    ];
    expect(await output('docker', ...docker)).toContain('"layers"');
  });

  it('rejects a wrong password, and nothing is stored', async () => {
    const { status, stderr } = await logIn(registry.host, 'wrong');
    expect(stderr).toContain('rejected the username and password');
    expect(stderr).not.toContain('wrong');
    expect(status).toBe(2);
    expect(work.files()).toEqual([]);
  });

  it('accepts credentials from airgap.yaml', async () => {
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    writeFileSync(work.file('password'), `${PASSWORD}\n`);
    writeFileSync(
      work.file('airgap.yaml'),
      `credentials:\n  "${registry.host}": {username: ${USER}, passwordFile: password}\n`,
    );
    expect((await run(['plan', 'list.txt', '--config', 'airgap.yaml'])).status).toBe(0);
  });

  it('gets its password from a helper, where login stores it and logout erases it', async () => {
    writeFileSync(work.file('docker-credential-test'), HELPER);
    chmodSync(work.file('docker-credential-test'), 0o755);
    writeFileSync(work.file('config.json'), '{"credsStore": "test"}');
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const login = await logIn(registry.host);
    expect([login.status, login.stderr]).toEqual([0, '']);
    expect(config()).toEqual({ credsStore: 'test' });
    expect(JSON.parse(readFileSync(work.file('store.json'), 'utf8'))).toEqual({
      ServerURL: registry.host,
      Username: USER,
      Secret: PASSWORD,
    });
    expect((await run(['plan', 'list.txt'])).status).toBe(0);
    expect(String((await run(['logout', registry.host])).stdout)).toBe(`logged out of ${registry.host}\n`);
    expect(existsSync(work.file('store.json'))).toBe(false);
    expect((await run(['plan', 'list.txt'])).status).toBe(2);
  });

  it.skipIf(withoutTerminal)(
    'accepts credentials from a terminal, and echoes the user but not the password',
    async () => {
      const { shown, status } = await onTerminal(registry.host, [
        { prompt: 'Username: ', answer: `${USER}\r` },
        { prompt: 'Password: ', answer: `${PASSWORD}\r` },
      ]);
      expect(shown).toContain(`logged in to ${registry.host}`);
      expect(shown).toMatch(/Username: .*me/);
      expect(shown).not.toContain('pass:');
      expect(status).toBe(0);
      expect(work.files()).toEqual(['config.json']);
      expect(config().auths[registry.host].auth).toBe(Buffer.from(`${USER}:${PASSWORD}`).toString('base64'));
    },
  );

  it.skipIf(withoutTerminal)('is not contacted after Ctrl-C at the password prompt', async () => {
    const { shown, status } = await onTerminal(registry.host, [
      { prompt: 'Username: ', answer: `${USER}\r` },
      { prompt: 'Password: ', answer: 'pass\u0003' },
    ]);
    expect(shown).toContain('interrupted');
    expect(shown).not.toContain('Password: pass');
    expect(status).toBe(130);
    expect(work.files()).toEqual([]);
  });
});

describe.skipIf(withoutRegistry)('the file written by login', () => {
  const folder = new TempDir();
  let registry: Distribution;
  beforeAll(async () => {
    registry = await Distribution.start(folder.path);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('preserves other entries, replaces older keys of the host, and has mode 600', async () => {
    const others = { psFormat: 'table', auths: { 'other.io': { auth: 'eDp5' } }, HttpHeaders: { a: 'b' } };
    const auths = { ...others.auths, [`http://${registry.host}/v1/`]: { auth: 'b2xkOm9sZA==' } };
    writeFileSync(work.file('config.json'), JSON.stringify({ ...others, auths }), { mode: 0o644 });
    const { status, stderr } = await logIn(registry.host);
    expect(status).toBe(0);
    expect(stderr).toContain('allows anonymous access');
    const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
    expect(config()).toEqual({ ...others, auths: { ...others.auths, [registry.host]: { auth } } });
    expect(mode(work.file('config.json'))).toBe('600');
    expect(work.files()).toEqual(['config.json']);
    await run(['logout', registry.host]);
    expect(config()).toEqual(others);
  });

  it('is created in a folder with mode 700', async () => {
    const path = join(work.path, 'a', 'docker');
    const env = { DOCKER_CONFIG: path };
    const args = ['login', registry.host, '-u', USER, '--password-stdin'];
    expect((await airgap(args, { stdin: PASSWORD, env })).status).toBe(0);
    expect([mode(path), mode(join(path, 'config.json'))]).toEqual(['700', '600']);
  });

  it('is written through a symbolic link', async () => {
    mkdirSync(work.file('dotfiles'));
    writeFileSync(work.file('dotfiles/docker.json'), '{}');
    symlinkSync('dotfiles/docker.json', work.file('config.json'));
    expect((await logIn(registry.host)).status).toBe(0);
    expect(
      readdirSync(work.path, { withFileTypes: true })
        .find(({ name }) => name === 'config.json')
        ?.isSymbolicLink(),
    ).toBe(true);
    expect(JSON.parse(readFileSync(work.file('dotfiles/docker.json'), 'utf8'))).toHaveProperty('auths');
  });

  it('is not changed when it is invalid', async () => {
    writeFileSync(work.file('config.json'), '{"auths": []}');
    expect((await logIn(registry.host)).status).toBe(2);
    expect(readFileSync(work.file('config.json'), 'utf8')).toBe('{"auths": []}');
  });

  it('is not created by a logout', async () => {
    const { status, stdout } = await run(['logout', registry.host]);
    expect([status, String(stdout)]).toEqual([0, `not logged in to ${registry.host}\n`]);
    expect(work.files()).toEqual([]);
  });
});

describe('login', () => {
  it.each([
    ['no terminal', ['login', 'a.io', '-u', USER], ''],
    ['--password-stdin without a user', ['login', 'a.io', '--password-stdin'], PASSWORD],
    ['an empty password', ['login', 'a.io', '-u', USER, '--password-stdin'], '\n'],
    ['a user with a colon', ['login', 'a.io', '-u', 'a:b', '--password-stdin'], PASSWORD],
    ['an invalid registry', ['login', 'redis', '-u', USER, '--password-stdin'], PASSWORD],
    ['a path', ['logout', '../x'], ''],
  ])('fails with exit status 2 for %s', async (_name, args, stdin) => {
    expect((await run(args, stdin)).status).toBe(2);
    expect(work.files()).toEqual([]);
  });
});
