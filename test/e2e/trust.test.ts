import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';

const SECRET = 'Kp7-secret-of-the-user';

/** A registry that asks for a login and records every request. */
class GreedyRegistry {
  readonly requests: { readonly url: string; readonly authorization: string | undefined }[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.requests.push({ url: request.url ?? '', authorization: request.headers.authorization });
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
  });

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
  }
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.#server.close();
  }
}

const greedy = new GreedyRegistry();
beforeAll(() => greedy.start());
afterAll(() => greedy.close());

let place: TempDir;
let own: string;
beforeEach(() => {
  place = new TempDir({ 'app.yaml': 'images:\n- {name: redis, tag: "7"}\n', 'secret.txt': SECRET });
  own = place.file('own');
  mkdirSync(own, { mode: 0o700 });
  greedy.requests.length = 0;
});
afterEach(() => place[Symbol.dispose]());

const KEYS = {
  credentials: () => `credentials: {"${greedy.host}": {username: me, passwordEnv: SECRET}}\n`,
  passwordFile: () => `credentials: {"${greedy.host}": {username: me, passwordFile: secret.txt}}\n`,
  mirrors: () => `mirrors: {docker.io: "http://${greedy.host}"}\n`,
};
const attack = () => KEYS.credentials() + KEYS.mirrors();
const write = (text: string) => writeFileSync(place.file('airgap.yaml'), text);
const run = async (args: readonly string[], env: Record<string, string> = {}) => {
  const outcome = await airgap(args, { cwd: place.path, env: { SECRET, XDG_CONFIG_HOME: own, ...env } });
  return { ...outcome, stdout: outcome.stdout.toString() };
};
const sent = () => Buffer.from(`me:${SECRET}`).toString('base64');

describe('an airgap.yaml in a folder that is not trusted', () => {
  it.each([
    ['plan', 'app.yaml'],
    ['build', 'app.yaml', '-o', 'bundle.tar'],
    ['build', 'app.yaml', '-o', '-'],
    ['lint', 'app.yaml', '--online'],
    ['load', 'bundle.tar', 'registry.test'],
    ['load', 'bundle.tar', 'registry.test', '--dry-run'],
  ])('stops %s %s %s %s before any request', async (...args) => {
    write(attack());
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(
      'airgap.yaml:1:1: error: "credentials" and "mirrors" of airgap.yaml do not count: its folder is not trusted',
    );
    expect(stderr).toContain('airgap trust');
    expect(stderr).not.toContain(SECRET);
    expect(greedy.requests).toEqual([]);
    expect(place.files()).not.toContain('bundle.tar');
  });

  it.each(Object.entries(KEYS))('sends nothing with %s alone', async (_name, text) => {
    write(text());
    writeFileSync(place.file('app.yaml'), `images:\n- {name: ${greedy.host}/a, tag: "1"}\n`);
    expect((await run(['plan', 'app.yaml'])).status).toBe(2);
    expect(greedy.requests).toEqual([]);
  });

  it.each([
    ['lint', 'app.yaml'],
    ['lint', 'app.yaml', '--fix'],
    ['images', 'app.yaml'],
  ])('does not stop %s %s %s, which makes no request', async (...args) => {
    write(attack());
    const { status, stderr } = await run(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('sends no credentials to a registry of the input', async () => {
    write(`registries: {theirs: "${greedy.host}"}\n`);
    writeFileSync(place.file('app.yaml'), 'images:\n- {source: theirs, name: a, tag: "1"}\n');
    expect((await run(['plan', 'app.yaml'])).status).not.toBe(0);
    expect(greedy.requests.length).toBeGreaterThan(0);
    expect(greedy.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  it.each<[string, string]>([
    ['a switch of TLS', 'insecure: [docker.io]'],
    ['a registry without TLS', 'plainHttp: [docker.io]'],
    ['a certificate authority', 'ca: ca.crt'],
    ['a client key', 'key: /home/me/.ssh/id_rsa'],
    ['a helper', 'credHelpers: {docker.io: evil}'],
    ['a socket', 'docker: unix:///tmp/evil.sock'],
    ['a proxy', 'proxy: http://evil.test'],
    ['defaults of flags', 'defaults: {insecure: docker.io}'],
    ['a helper of a host', 'credentials: {docker.io: {helper: evil}}'],
    ['a password', 'credentials: {docker.io: {username: u, password: p}}'],
    ['a key in another case', 'Mirrors: {docker.io: evil.test}'],
    ['a merge key', '<<: {mirrors: {docker.io: evil.test}}'],
  ])('cannot set %s', async (_name, text) => {
    write(`${text}\n`);
    const { status, stderr } = await run(['plan', 'app.yaml']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/unknown key: /);
  });

  it('cannot set a signature policy', async () => {
    write("signatures: [{pattern: '*', required: 'false'}]\n");
    const { status, stderr } = await run(['plan', 'app.yaml']);
    expect(status).toBe(2);
    expect(stderr).toContain('"signatures" of airgap.yaml does not count: its folder is not trusted');
  });
});

describe('credentials and mirrors count', () => {
  const plan = async (args: readonly string[] = [], env: Record<string, string> = {}) => {
    const outcome = await run(['plan', 'app.yaml', '--progress', 'plain', ...args], env);
    const authorized = greedy.requests.filter(({ authorization }) => authorization === `Basic ${sent()}`);
    expect(authorized.length).toBeGreaterThan(0);
    return outcome;
  };

  it('with --config', async () => {
    write(attack());
    const { stderr } = await plan(['--config', 'airgap.yaml']);
    expect(stderr.match(/^mirror of docker\.io: .*$/gm)).toEqual([
      `mirror of docker.io: http://${greedy.host} (airgap.yaml)`,
    ]);
  });

  it('with AIRGAP_CONFIG', async () => {
    writeFileSync(place.file('other.yaml'), attack());
    await plan([], { AIRGAP_CONFIG: 'other.yaml' });
  });

  it('from the config of the user', async () => {
    mkdirSync(`${own}/airgap`, { mode: 0o700 });
    writeFileSync(`${own}/airgap/config.yaml`, attack(), { mode: 0o600 });
    write('app: shop\n');
    const { stderr } = await plan();
    expect(stderr).toContain(`mirror of docker.io: http://${greedy.host} (${own}/airgap/config.yaml)\n`);
  });

  it('in a trusted folder, until the file changes', async () => {
    write(attack());
    const trusted = await run(['trust']);
    expect(trusted).toMatchObject({ status: 0, stderr: '' });
    expect(trusted.stdout).toMatch(
      new RegExp(
        `^trusted: ${place.path}/airgap.yaml\\n  sha256:[0-9a-f]{64}\\n  credentials for ${greedy.host} from \\$SECRET\\n  mirror of docker.io: http://${greedy.host}\\n$`,
      ),
    );
    await plan();
    write(`${attack()}# changed\n`);
    const { status, stderr } = await run(['plan', 'app.yaml']);
    expect(status).toBe(2);
    expect(stderr).toContain('it has changed since it was trusted');
    await run(['trust', '.']);
    await plan();
  });

  it('with a file beside the trusted config', async () => {
    write(KEYS.passwordFile() + KEYS.mirrors());
    await run(['trust']);
    await plan();
  });
});

describe('airgap trust', () => {
  it('--list shows what is trusted, --remove ends it', async () => {
    write(attack());
    await run(['trust']);
    expect((await run(['trust', '--list'])).stdout).toBe(
      `STATE    CONFIG\ntrusted  ${place.path}/airgap.yaml\n`,
    );
    expect((await run(['trust', '--remove'])).stdout).toBe(`no longer trusted: ${place.path}/airgap.yaml\n`);
    expect((await run(['trust', '--list'])).stdout).toBe('no config is trusted\n');
    expect((await run(['trust', '--remove'])).stdout).toBe(`was not trusted: ${place.path}/airgap.yaml\n`);
    expect((await run(['plan', 'app.yaml'])).status).toBe(2);
  });

  it('has the results as JSON', async () => {
    write(attack());
    const { path, sha256, mirrors } = JSON.parse((await run(['trust', '--json'])).stdout);
    expect({ path, mirrors }).toEqual({
      path: place.file('airgap.yaml'),
      mirrors: { 'docker.io': [`http://${greedy.host}`] },
    });
    expect(JSON.parse((await run(['trust', '--list', '--json'])).stdout)).toEqual({
      trusted: [{ path, sha256, state: 'trusted' }],
    });
    expect(JSON.parse(readFileSync(`${own}/airgap/trusted.json`, 'utf8'))).toEqual({
      version: 1,
      trusted: { [path]: sha256 },
    });
  });

  it('shows control characters of a config as text', async () => {
    write('mirrors: {docker.io: "https://m.test/\\e[2J"}\n');
    expect((await run(['trust'])).stdout).not.toContain('\u001b');
  });

  it.each<[string, readonly string[], string]>([
    ['a folder without a config', ['trust', 'own'], 'no airgap.yaml found'],
    ['a folder that does not exist', ['trust', 'gone'], 'no airgap.yaml found'],
    ['--list with a folder', ['trust', '--list', '.'], '--list takes no folder'],
    ['--list with --remove', ['trust', '--list', '--remove'], '--list takes no folder'],
  ])('rejects %s', async (_name, args, message) => {
    expect(await run(args)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });

  it('rejects a config that is invalid, and records nothing', async () => {
    write('mirrors: [a]\n');
    expect((await run(['trust'])).status).toBe(2);
    expect((await run(['trust', '--list'])).stdout).toBe('no config is trusted\n');
  });

  it('fails when the list cannot be written', async () => {
    write(attack());
    writeFileSync(place.file('file'), '');
    const outcome = await run(['trust'], { XDG_CONFIG_HOME: place.file('file') });
    expect(outcome).toMatchObject({ status: 5, stderr: expect.stringContaining('cannot be written') });
  });

  it('does not use a list that others can write', async () => {
    write(attack());
    await run(['trust']);
    chmodSync(`${own}/airgap/trusted.json`, 0o666);
    const { status, stderr } = await run(['plan', 'app.yaml']);
    expect(status).toBe(2);
    expect(stderr).toContain('is writable by other users (mode 0666)');
    expect(greedy.requests).toEqual([]);
  });

  it('does not follow a config that is a link to a device', async () => {
    symlinkSync('/dev/zero', place.file('airgap.yaml'));
    expect((await run(['images', 'app.yaml'])).status).toBe(2);
  });
});

describe('airgap config', () => {
  it('shows each setting and where it comes from', async () => {
    mkdirSync(`${own}/airgap`, { mode: 0o700 });
    const user = `${own}/airgap/config.yaml`;
    writeFileSync(user, 'app: mine\nregistries: {a: a.io, b: b.io}\nmirrors: {r.io: m.io}\n', {
      mode: 0o600,
    });
    write('app: theirs\nplatforms: linux/arm64\nregistries: {b: c.io}\nmirrors: {docker.io: evil.test}\n');
    const { status, stdout } = await run(['config']);
    expect(status).toBe(0);
    expect(stdout.split('\n').map(line => line.replace(/ {2,}/g, ' | '))).toEqual([
      'SETTING | VALUE | FROM',
      'app | theirs | airgap.yaml',
      'mirrors.docker.io | evil.test | airgap.yaml (ignored: its folder is not trusted)',
      `mirrors.r.io | m.io | ${user}`,
      'platforms | linux/arm64 | airgap.yaml',
      `registries.a | a.io | ${user}`,
      'registries.b | c.io | airgap.yaml',
      '',
    ]);
    expect(JSON.parse((await run(['config', '--json'])).stdout).settings).toContainEqual({
      name: 'mirrors.docker.io',
      value: 'evil.test',
      from: 'airgap.yaml',
      ignored: 'its folder is not trusted',
    });
  });

  it('says that it found no settings', async () =>
    expect((await run(['config'])).stdout).toBe('no config found, or no settings in it\n'));

  it('accepts the example of the documents', async () => {
    const page = readFileSync(new URL('../../docs/reference/config.md', import.meta.url), 'utf8');
    const example = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? '';
    writeFileSync(place.file('example.yaml'), example);
    const { status, stdout } = await run(['config', '--config', 'example.yaml']);
    expect(status).toBe(0);
    for (const name of ['app', 'platforms', 'registries.quay', 'credentials.gcr.io', 'mirrors.docker.io'])
      expect(stdout).toMatch(new RegExp(`^${name} `, 'm'));
  });

  it('prints the JSON schema', async () => {
    const schema = JSON.parse((await run(['config', 'schema'])).stdout);
    expect(schema).toMatchObject({ title: 'airgap.yaml', type: 'object', additionalProperties: false });
  });
});

it('images reports rules that do not exist', async () => {
  write('rules:\n  lates-tag: off\n  latest-tag: off\n');
  const { status, stderr } = await run(['images', 'app.yaml']);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'airgap.yaml:2:3: warning: unknown rule "lates-tag" (ignored)\n',
  });
});
