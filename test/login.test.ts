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
import { AIRGAP, airgap, Workplace } from './airgap.ts';
import { imageOf, noiseLayer } from './images/image.ts';
import { Distribution } from './programs/distribution.ts';
import { missingPrograms, output } from './programs/program.ts';
import { TokenServer } from './programs/token-server.ts';

const USER = 'me';
const PASSWORD = 'pass:wörd $x';
const missing = missingPrograms('docker-registry', 'htpasswd', 'openssl', 'skopeo', 'docker', 'script');

/** A helper that keeps what it is given in a file, as docker's helpers do in a keychain. */
const HELPER = `#!/bin/sh
kept="$(dirname "$0")/kept.json"
case $1 in
  store) cat >"$kept" ;;
  get) read -r server; grep -qs "\\"ServerURL\\":\\"$server\\"" "$kept" || { echo "credentials not found in native keychain"; exit 1; }; cat "$kept" ;;
  erase) rm -f "$kept" ;;
esac
`;

let work: Workplace;
beforeEach(() => {
  work = new Workplace();
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

/** Logs in on a terminal, where each question gets its answer. */
async function onTerminal(host: string, dialogue: [question: string, answer: string][]) {
  const command = `${process.execPath} ${AIRGAP} login ${host}`;
  const env = { ...process.env, DOCKER_CONFIG: work.path, NO_COLOR: '1' };
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { env });
  let shown = '';
  terminal.stdout.on('data', chunk => {
    shown += chunk;
    const [question, answer] = dialogue[0] ?? [];
    if (question === undefined || !shown.includes(question)) return;
    dialogue.shift();
    terminal.stdin.write(answer);
  });
  const status = await new Promise(resolve => terminal.on('close', resolve));
  return { shown, status };
}

/** Starts a registry with one image that it shows to the user alone. */
async function startClosed(folder: string, auth: object): Promise<Distribution> {
  {
    await using open = await Distribution.start(folder);
    await open.push('team/app:1', imageOf({ layers: [await noiseLayer('login', 300_000)] }));
  }
  return Distribution.start(folder, { auth });
}

describe.skipIf(missing.length > 0).each(['htpasswd', 'token'])('a docker-registry with %s auth', kind => {
  const folder = new Workplace();
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

  it('is built from after a login, by which docker and skopeo can read it too, and not after a logout', async () => {
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const build = () => run(['build', 'list.txt', '-o', 'bundle.tar']);
    expect((await build()).status).toBe(3);
    const login = await logIn(registry.host, `${PASSWORD}\n`);
    expect(login.stderr).toContain('stored unencrypted');
    expect([login.status, String(login.stdout)]).toEqual([0, `logged in to ${registry.host}\n`]);
    expect((await build()).status).toBe(0);
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
    expect((await run(['logout', registry.host])).status).toBe(0);
    expect((await run(['plan', 'list.txt'])).status).toBe(3);
  });

  it('refuses a wrong password, and then nothing is kept', async () => {
    const { status, stderr } = await logIn(registry.host, 'wrong');
    expect(stderr).toContain('does not take this user and password');
    expect(stderr).not.toContain('wrong');
    expect(status).toBe(3);
    expect(work.files()).toEqual([]);
  });

  it('is opened by credentials that airgap.yaml points to', async () => {
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    writeFileSync(work.file('password'), `${PASSWORD}\n`);
    writeFileSync(
      work.file('airgap.yaml'),
      `credentials:\n  "${registry.host}": {username: ${USER}, passwordFile: password}\n`,
    );
    expect((await run(['plan', 'list.txt'])).status).toBe(0);
  });

  it('gets its password from a helper, which login gave it to and logout takes it from', async () => {
    writeFileSync(work.file('docker-credential-test'), HELPER);
    chmodSync(work.file('docker-credential-test'), 0o755);
    writeFileSync(work.file('config.json'), '{"credsStore": "test"}');
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const login = await logIn(registry.host);
    expect([login.status, login.stderr]).toEqual([0, '']);
    expect(config()).toEqual({ credsStore: 'test' });
    expect(JSON.parse(readFileSync(work.file('kept.json'), 'utf8'))).toEqual({
      ServerURL: registry.host,
      Username: USER,
      Secret: PASSWORD,
    });
    expect((await run(['plan', 'list.txt'])).status).toBe(0);
    expect(String((await run(['logout', registry.host])).stdout)).toBe(`logged out of ${registry.host}\n`);
    expect(existsSync(work.file('kept.json'))).toBe(false);
    expect((await run(['plan', 'list.txt'])).status).toBe(3);
  });

  it('takes what a person types, and shows the user but not the password', async () => {
    const { shown, status } = await onTerminal(registry.host, [
      ['Username: ', `${USER}\r`],
      ['Password: ', `${PASSWORD}\r`],
    ]);
    expect(shown).toContain(`logged in to ${registry.host}`);
    expect(shown).toMatch(/Username: .*me/);
    expect(shown).not.toContain('pass:');
    expect(status).toBe(0);
    expect(work.files()).toEqual(['config.json']);
    expect(config().auths[registry.host].auth).toBe(Buffer.from(`${USER}:${PASSWORD}`).toString('base64'));
  });

  it('is left alone by Ctrl-C in the middle of a password', async () => {
    const { shown, status } = await onTerminal(registry.host, [
      ['Username: ', `${USER}\r`],
      ['Password: ', 'pass\u0003'],
    ]);
    expect(shown).toContain('interrupted');
    expect(shown).not.toContain('Password: pass');
    expect(status).toBe(130);
    expect(work.files()).toEqual([]);
  });
});

describe.skipIf(missing.length > 0)('the file that login writes', () => {
  const folder = new Workplace();
  let registry: Distribution;
  beforeAll(async () => {
    registry = await Distribution.start(folder.path);
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('keeps everything else, takes the place of older spellings, and is for its owner only', async () => {
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

  it('is made in a folder that is for its owner only', async () => {
    const path = join(work.path, 'a', 'docker');
    const env = { DOCKER_CONFIG: path };
    const args = ['login', registry.host, '-u', USER, '--password-stdin'];
    expect((await airgap(args, { stdin: PASSWORD, env })).status).toBe(0);
    expect([mode(path), mode(join(path, 'config.json'))]).toEqual(['700', '600']);
  });

  it('stays behind a symbolic link', async () => {
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

  it('is left as it is when it is no config.json', async () => {
    writeFileSync(work.file('config.json'), '{"auths": []}');
    expect((await logIn(registry.host)).status).toBe(2);
    expect(readFileSync(work.file('config.json'), 'utf8')).toBe('{"auths": []}');
  });

  it('is not there after a logout that had nothing to do', async () => {
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
    ['what is no registry', ['login', 'redis', '-u', USER, '--password-stdin'], PASSWORD],
    ['a path', ['logout', '../x'], ''],
  ])('%s is wrong usage, with status 2', async (_name, args, stdin) => {
    expect((await run(args, stdin)).status).toBe(2);
    expect(work.files()).toEqual([]);
  });
});
