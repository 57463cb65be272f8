import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type AirgapError, type BuildOptions, build } from '@airgap/core';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import type { RegistryRequest } from '../registry/request.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

const image = imageOf({ layers: [noiseOf(1, 2000)], compression: 'none' });
const work = new TempDir();
const output = work.file('bundle.tar');
afterAll(() => {
  vi.unstubAllEnvs();
  work[Symbol.dispose]();
});

let registry: TestRegistry;
beforeEach(async () => {
  registry = await TestRegistry.start();
  for (const repository of ['team/app', 'team/deep/app', 'teams/app', 'v1/app', 'other/app'])
    registry.push(`${repository}:1`, image);
  return () => registry[Symbol.asyncDispose]();
});

const basic = (user: string) => Buffer.from(`${user}:secret-of-${user}`).toString('base64');
const authOf = (user: string) => ({ auth: basic(user) });

/** Describes what was sent: `team/app: nothing, Basic me`. */
function describeSent({ path, authorization = 'nothing', url }: RegistryRequest): string {
  const encoded = /^Basic (.*)$/.exec(authorization)?.[1];
  const sent = encoded ? Buffer.from(encoded, 'base64').toString().split(':')[0] : authorization;
  const place = /^\/v2\/(.*)\/manifests/.exec(path)?.[1] ?? url.pathname;
  return `${place} ${sent}`;
}

/** Answers every request but those to the token service with 401, until it has this `Authorization`. */
const challenged =
  (challenge: string | string[] | undefined, expected: string, status = 401): Fault =>
  ({ path, authorization }, response) => {
    if (path.startsWith('/token') || authorization === expected) return false;
    response.writeHead(status, challenge === undefined ? {} : { 'www-authenticate': challenge }).end();
    return true;
  };
/** Lets the first fault that matches answer. */
const first =
  (...faults: Fault[]): Fault =>
  async (...request) => {
    for (const fault of faults) {
      const handled = await fault(...request);
      if (handled !== false) return handled;
    }
    return false;
  };
const tokenService =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Fault =>
  ({ path }, response) => {
    if (!path.startsWith('/token')) return false;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
const realm = () => `Bearer realm="http://${registry.host}/token",service="s"`;

interface Sent {
  readonly error: AirgapError | undefined;
  /** What was sent for manifests, the base of the API and tokens. */
  readonly requests: readonly string[];
}

/** Builds a bundle of `team/app:1`, or of other repositories. */
async function built(
  config: object | string = {},
  repositories = ['team/app'],
  options: Partial<BuildOptions> = {},
): Promise<Sent> {
  const text = typeof config === 'string' ? config : JSON.stringify(config).replaceAll('HOST', registry.host);
  const building = build({
    specs: [{ file: 'list', text: repositories.map(name => `${registry.host}/${name}:1\n`).join('') }],
    output,
    credentialFiles: [{ name: 'config.json', text }],
    // Otherwise the base of the API is requested to detect TLS.
    plainHttp: [registry.host],
    ...options,
  });
  const error = await building.then(
    () => undefined,
    thrown => thrown,
  );
  const requests = registry.seen.filter(({ path }) => !path.includes('/blobs/')).map(describeSent);
  return { error, requests };
}

/** Installs a credential helper. @param script has the server in `$server` */
function helper(name: string, script: string): void {
  const path = work.file(`docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\nserver=$(cat)\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${work.path}${delimiter}${process.env.PATH}`);
}

describe('row 10: credential keys with a path', () => {
  it.each<[string, object, readonly string[], readonly string[]]>([
    [
      'the longest prefix',
      { auths: { HOST: authOf('host'), 'HOST/team': authOf('team') } },
      ['team/app'],
      ['team'],
    ],
    [
      'the complete repository',
      { auths: { 'HOST/team': authOf('team'), 'HOST/team/app': authOf('app') } },
      ['team/app'],
      ['app'],
    ],
    [
      'two components',
      { auths: { 'HOST/team/deep': authOf('deep'), 'HOST/team': authOf('team') } },
      ['team/deep/app'],
      ['deep'],
    ],
    ['a slash at the end', { auths: { 'HOST/team/': authOf('team') } }, ['team/app'], ['team']],
    ['a URL with a path', { auths: { 'https://HOST/team': authOf('team') } }, ['team/app'], ['team']],
    ['an http URL with a path', { auths: { 'http://HOST/team/': authOf('team') } }, ['team/app'], ['team']],
    ['the old URL of the host', { auths: { 'https://HOST/v1/': authOf('host') } }, ['team/app'], ['host']],
    ['the URL of the API', { auths: { 'https://HOST/v2/': authOf('host') } }, ['team/app'], ['host']],
    ['the API without a scheme', { auths: { 'HOST/v2': authOf('host') } }, ['team/app'], ['host']],
    [
      'the old URL for a repository of that name',
      { auths: { 'HOST/v1': authOf('host') } },
      ['v1/app'],
      ['host'],
    ],
    [
      'a helper of the namespace before the auths of the host',
      { credHelpers: { 'HOST/team': 'named' }, auths: { HOST: authOf('host') } },
      ['team/app'],
      ['helped'],
    ],
    [
      'auths of the namespace before a helper of the host',
      { credHelpers: { HOST: 'named' }, auths: { 'HOST/team': authOf('team') } },
      ['team/app'],
      ['team'],
    ],
    ['a namespace that starts alike', { auths: { 'HOST/team': authOf('team') } }, ['teams/app'], []],
    ['a repository below that of the image', { auths: { 'HOST/team/app/x': authOf('x') } }, ['team/app'], []],
    ['another namespace', { auths: { 'HOST/other': authOf('other') } }, ['team/app'], []],
    ['a namespace in another case', { auths: { 'HOST/Team': authOf('team') } }, ['team/app'], []],
    [
      'each namespace',
      { auths: { 'HOST/team': authOf('team'), 'HOST/other': authOf('other') } },
      ['team/app', 'other/app'],
      ['team', 'other'],
    ],
  ])('%s', async (_name, config, repositories, users) => {
    helper('named', `echo '{"ServerURL":"x","Username":"helped","Secret":"helped"}'`);
    registry.fault = challenged('Basic realm="x"', 'nothing fits');
    const { requests, error } = await built(config, [...repositories]);
    const named = requests
      .filter(request => !request.endsWith(' nothing'))
      .map(request => request.split(' ')[1]);
    expect(new Set(named)).toEqual(new Set(users));
    expect(error?.code).toBe('DENIED');
  });
});

describe('row 11: a challenge at the base of the API only', () => {
  const atBase =
    (challenge: string | string[], expected: string, otherwise: Fault): Fault =>
    (request, response, content) => {
      const { path, authorization } = request;
      if (path.startsWith('/token') || authorization === expected) return false;
      if (path !== '/v2/') return otherwise(request, response, content);
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
  const answer =
    (status: number, headers: Record<string, string> = {}): Fault =>
    (_request, response) => {
      response.writeHead(status, headers).end();
      return true;
    };

  it.each<[string, Fault]>([
    ['404', answer(404)],
    ['403', answer(403)],
    ['401 without a challenge', answer(401)],
    ['401 with an empty challenge', answer(401, { 'www-authenticate': '' })],
    ['401 with a scheme that nothing here has', answer(401, { 'www-authenticate': 'Negotiate' })],
    [
      '404 with a page',
      (_request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>') && true,
    ],
  ])('%s elsewhere', async (_name, otherwise) => {
    const header = `Basic ${basic('me')}`;
    registry.fault = atBase('Basic realm="x"', header, otherwise);
    const { error, requests } = await built({ auths: { HOST: authOf('me') } }, ['team/app', 'other/app']);
    expect(error).toBeUndefined();
    expect(requests.filter(request => request.startsWith('/v2/'))).toEqual(['/v2/ nothing']);
    expect(requests.filter(request => request.endsWith(' me')).sort()).toEqual([
      'other/app me',
      'team/app me',
    ]);
  });

  it('with a token, and with several headers', async () => {
    registry.fault = first(
      tokenService({ token: 't' }),
      atBase(['Negotiate', realm()], 'Bearer t', answer(404)),
    );
    const { error, requests } = await built({ auths: { HOST: authOf('me') } });
    expect(error).toBeUndefined();
    expect(requests).toEqual(['team/app nothing', '/v2/ nothing', '/token me', 'team/app Bearer t']);
  });

  it('does not make a missing image one of wrong credentials', async () => {
    registry.fault = ({ path }, response) => {
      if (path === '/v2/') return false;
      response.writeHead(404).end();
      return true;
    };
    const { error } = await built({ auths: { HOST: authOf('me') } });
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(`${error?.message}${error?.hint}`).not.toMatch(/password|credentials of/);
  });

  it('that breaks is not that of another registry', async () => {
    registry.fault = ({ path, authorization }, response) => {
      if (authorization !== undefined) return false;
      if (path === '/v2/') response.writeHead(500).end();
      else response.writeHead(404).end();
      return true;
    };
    const { error } = await built({ auths: { HOST: authOf('me') } });
    expect(error?.code).toBe('NOT_FOUND');
  });
});

describe('row 12: a redirect of the token service', () => {
  const moved =
    (status: number, location: () => string): Fault =>
    ({ path }, response) => {
      if (path !== '/token') return false;
      response.writeHead(status, { location: location() }).end();
      return true;
    };
  it.each<[string, number, () => string, boolean]>([
    ['301', 301, () => `http://${registry.host}/token/new`, true],
    ['302 and a relative Location', 302, () => '/token/new', true],
    ['303', 303, () => 'token/new', true],
    ['307 with a query', 307, () => '/token/new?a=b', true],
    ['308', 308, () => `//${registry.host}/token/new`, true],
    [
      'to another port',
      307,
      () => `http://${registry.host.replace('127.0.0.1', 'localhost')}/token/new`,
      false,
    ],
  ])('%s', async (_name, status, location, isSame) => {
    registry.fault = first(
      moved(status, location),
      tokenService({ token: 't' }),
      challenged(realm(), 'Bearer t'),
    );
    const { error, requests } = await built({ auths: { HOST: authOf('me') } });
    expect(error).toBeUndefined();
    expect(requests).toEqual([
      'team/app nothing',
      '/token me',
      `/token/new ${isSame ? 'me' : 'nothing'}`,
      'team/app Bearer t',
    ]);
  });

  it.each<[string, (left: number) => string | undefined, string | undefined]>([
    ['10 of them', left => (left > 0 ? '/token' : undefined), undefined],
    ['11 of them', left => (left > -1 ? '/token' : undefined), 'sent more than 10 redirects'],
    ['without end', () => '/token', 'sent more than 10 redirects'],
    ['to no URL', () => 'http://[', 'a redirect has no valid Location'],
    ['to another protocol', () => 'ftp://127.0.0.1/token', 'a redirect has no valid Location'],
    ['to a file', () => 'file:///etc/passwd', 'a redirect has no valid Location'],
  ])('%s', async (_name, next, message) => {
    let left = 10;
    const redirect: Fault = ({ path }, response) => {
      const location = path === '/token' ? next(left) : undefined;
      if (location === undefined) return false;
      left -= 1;
      response.writeHead(302, { location }).end();
      return true;
    };
    registry.fault = first(redirect, tokenService({ token: 't' }), challenged(realm(), 'Bearer t'));
    const { error } = await built({ auths: { HOST: authOf('me') } });
    if (message === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: 'REGISTRY', message: expect.stringContaining(message) });
  });
});

describe('row 13: a token', () => {
  it.each<[string, unknown]>([
    ['of null, and an access token', { token: null, access_token: 't' }],
    ['that is empty, and an access token', { token: '', access_token: 't' }],
    ['and an access token of null', { token: 't', access_token: null }],
    ['with times as texts', { token: 't', expires_in: '300', issued_at: 'now' }],
    ['with times of null', { token: 't', expires_in: null, issued_at: null }],
    ['with more keys', { token: 't', refresh_token: 'r', scope: 'x' }],
  ])('%s', async (_name, body) => {
    registry.fault = first(tokenService(body), challenged(realm(), 'Bearer t'));
    const { error, requests } = await built();
    expect(error).toBeUndefined();
    expect(requests).toEqual(['team/app nothing', '/token nothing', 'team/app Bearer t']);
  });

  it.each<[string, unknown]>([
    ['that is missing', {}],
    ['of null twice', { token: null, access_token: null }],
    ['as a number', { token: 5 }],
    ['as a list', ['t']],
    ['of null alone', 'null'],
    ['as text', '"t"'],
    ['with a line break', { token: 't\r\nx-evil: 1' }],
    ['after a byte order mark', '\uFEFF{"token":"t"}'],
    ['with a NUL', { token: 't\u0000' }],
    ['that is no ASCII', { token: 'tökén ✓' }],
  ])('%s is an error of the registry', async (_name, body) => {
    registry.fault = first(tokenService(body), challenged(realm(), 'Bearer t'));
    const { error } = await built();
    expect(error).toMatchObject({ code: 'REGISTRY', hint: expect.stringMatching(/\.$/) });
  });

  it.each<[string, object]>([
    ['registrytoken', { registrytoken: 'given' }],
    ['registrytoken beside empty credentials', { auth: 'Og==', registrytoken: 'given' }],
    ['registrytoken beside a user', { ...authOf('me'), registrytoken: 'given' }],
  ])('%s of config.json is sent as it is', async (_name, entry) => {
    registry.fault = challenged(realm(), 'Bearer given');
    const { error, requests } = await built({ auths: { HOST: entry } });
    expect(error).toBeUndefined();
    expect(requests).toEqual(['team/app nothing', 'team/app Bearer given']);
  });
});

describe('row 14: nothing in a config.json', () => {
  it.each<[string, object | string]>([
    ['an empty user and password', { auths: { HOST: { auth: 'Og==' } } }],
    ['empty fields', { auths: { HOST: { auth: '', username: '', password: '', identitytoken: '' } } }],
    [
      'fields of null',
      { auths: { HOST: { auth: null, username: null, password: null, identitytoken: null } } },
    ],
    ['an entry without fields', { auths: { HOST: {} } }],
    ['an entry with an e-mail only', { auths: { HOST: { email: 'me@example.test' } } }],
    ['an entry of null', { auths: { HOST: null } }],
    ['auths of null', { auths: null }],
    ['helpers of null', { credHelpers: null, credsStore: null }],
    ['a helper of null', { credHelpers: { HOST: null } }],
    ['an empty helper', { credHelpers: { HOST: '' }, credsStore: '' }],
    ['a helper that answers with empty texts', { credHelpers: { HOST: 'blank' } }],
    ['a helper that knows nothing', { credsStore: 'unknown' }],
    ['no text at all', ''],
    ['blanks', ' \n\t'],
    ['a byte order mark', '\uFEFF{}'],
    ['null', 'null'],
    ['other keys', { HttpHeaders: { 'X-A': 'b' }, psFormat: 'x', plugins: {}, currentContext: 'x' }],
  ])('%s means anonymous', async (_name, config) => {
    helper('blank', `echo '{"ServerURL":"","Username":"","Secret":""}'`);
    helper('unknown', 'echo "credentials not found in native keychain"; exit 1');
    registry.fault = first(tokenService({ token: 't' }), challenged(realm(), 'Bearer t'));
    const { error, requests } = await built(config);
    expect(error).toBeUndefined();
    expect(requests).toEqual(['team/app nothing', '/token nothing', 'team/app Bearer t']);
  });
});

describe('rows 15 and 16: where credentials are read', () => {
  const run = (env: Record<string, string>) => {
    registry.fault = challenged('Basic realm="x"', `Basic ${basic('me')}`);
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    return airgap(['plan', 'list.txt'], { cwd: work.path, env });
  };
  const entry = (user: string) => JSON.stringify({ auths: { [registry.host]: authOf(user) } });

  it.each<[string, (path: string) => void]>([
    ['a folder', path => mkdirSync(path)],
    ['a file of others', path => writeFileSync(path, '{}', { mode: 0o000 })],
  ])('%s in place of config.json is a warning; public images still work', async (name, make) => {
    using folder = new TempDir();
    make(folder.file('config.json'));
    const isReadable = name !== 'a folder' && process.getuid?.() === 0;
    writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
    const { status, stderr } = await airgap(['plan', 'list.txt'], {
      cwd: work.path,
      env: { DOCKER_CONFIG: folder.path },
    });
    expect(status).toBe(0);
    expect(/config\.json: .* continuing without its credentials/.test(stderr)).toBe(!isReadable);
  });

  it('DOCKER_AUTH_CONFIG is read', async () => {
    expect((await run({ DOCKER_AUTH_CONFIG: entry('me') })).status).toBe(0);
  });

  it('DOCKER_AUTH_CONFIG is read before the file', async () => {
    using folder = new TempDir({ 'config.json': entry('other') });
    expect((await run({ DOCKER_AUTH_CONFIG: entry('me'), DOCKER_CONFIG: folder.path })).status).toBe(0);
  });

  it('the file has what DOCKER_AUTH_CONFIG has not', async () => {
    using folder = new TempDir({ 'config.json': entry('me') });
    for (const text of ['', '{}', '{"auths":{"other.test":{"auth":"bWU6bWU="}}}'])
      expect((await run({ DOCKER_AUTH_CONFIG: text, DOCKER_CONFIG: folder.path })).status).toBe(0);
  });

  it('a DOCKER_AUTH_CONFIG that is not JSON is an error that does not quote it', async () => {
    const { status, stderr } = await run({ DOCKER_AUTH_CONFIG: '{"auths":{"a":{"password":"s3cret"' });
    expect(status).toBe(2);
    expect(stderr).toContain('error: invalid docker config.json: not JSON\n  where: DOCKER_AUTH_CONFIG\n');
    expect(stderr).not.toContain('s3cret');
  });
});

describe('row 17: a registry that redirects to another registry', () => {
  it.each<[string, number]>([
    ['301', 301],
    ['302', 302],
    ['307', 307],
    ['308', 308],
  ])('%s gets its own anonymous token there, and no credentials', async (_name, status) => {
    await using other = await TestRegistry.start({ auth: { scheme: 'bearer' } });
    other.push('moved/app:1', image);
    registry.fault = ({ path }, response) => {
      response
        .writeHead(status, { location: `http://${other.host}${path.replace('/team/', '/moved/')}` })
        .end();
      return true;
    };
    const { error } = await built({ auths: { HOST: authOf('me'), [other.host]: authOf('other') } });
    expect(error).toBeUndefined();
    const sent = new Set(other.seen.map(({ authorization }) => authorization ?? 'nothing'));
    expect(sent).toEqual(new Set(['nothing', `Bearer ${other.token}`]));
  });

  it('with a login is denied there, without a hint about a password', async () => {
    await using other = await TestRegistry.start({
      auth: { scheme: 'basic', username: 'other', password: 'other' },
    });
    registry.fault = ({ path }, response) => {
      response.writeHead(307, { location: `http://${other.host}${path}` }).end();
      return true;
    };
    const { error } = await built({ auths: { HOST: authOf('me'), [other.host]: authOf('other') } });
    expect(error?.code).toBe('DENIED');
    expect(error?.hint).not.toContain('password');
    expect(other.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });
});

describe('row 18: a denied request', () => {
  const IDENTITY = { identitytoken: 'secret-id' };
  it.each<[string, object, string, string]>([
    [
      'with a wrong password',
      { HOST: authOf('me') },
      'rejected the user me from config.json',
      'Check the password of me in config.json',
    ],
    [
      'with a wrong password of the namespace',
      { 'HOST/team': authOf('me') },
      'rejected the user me from config.json',
      'Check the password of me',
    ],
    [
      'with an expired token',
      { HOST: IDENTITY },
      'rejected the token from config.json; it may have expired',
      'Log in to HOST again',
    ],
    [
      'with an expired registry token',
      { HOST: { registrytoken: 'secret-rt' } },
      'rejected the token from config.json',
      'Log in to HOST again',
    ],
    [
      'without a login',
      { 'other.test': authOf('me') },
      'no credentials were sent: none in config.json',
      'Log in to HOST first',
    ],
    [
      'with a key without the port',
      { '127.0.0.1': authOf('me') },
      'config.json has the key "127.0.0.1", which does not match HOST/team/app',
      'correct the key in config.json',
    ],
    [
      'with a key for another port',
      { 'https://127.0.0.1:1': authOf('me') },
      'has the key "https://127.0.0.1:1"',
      'correct the key',
    ],
    [
      'with a key for another namespace',
      { 'HOST/other': authOf('me') },
      'has the key "HOST/other"',
      'correct the key',
    ],
  ])('%s', async (_name, auths, note, hint) => {
    const isToken = _name === 'with an expired token';
    registry.fault = isToken
      ? first(tokenService({ errors: [] }, 401), challenged(realm(), 'Bearer t'))
      : challenged('Basic realm="x"', 'nothing fits');
    const { error } = await built({ auths });
    expect(error?.code).toBe('DENIED');
    expect(error?.message).toContain(note.replaceAll('HOST', registry.host));
    expect(error?.hint).toContain(hint.replaceAll('HOST', registry.host));
    expect(`${error?.message}${error?.hint}`).not.toMatch(/secret/);
  });
});
