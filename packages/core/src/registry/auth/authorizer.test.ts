import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRegistry } from '../../../../../test/registry/registry.ts';
import type { RegistryRequest } from '../../../../../test/registry/request.ts';
import { Authorizer } from './authorizer.ts';
import type { Credentials } from './credential.ts';
import { CredentialStore } from './credential-store.ts';

const credentials: Credentials = { username: 'me', password: 'secret' };
const BASIC = `Basic ${Buffer.from('me:secret').toString('base64')}`;
const SCOPE = 'repository:team/app:pull';

let tokens: TestRegistry;
let dispatcher: Agent;
/** What the token service answers. */
let respond: (request: RegistryRequest) => {
  readonly status?: number;
  readonly location?: string;
  readonly body?: unknown;
};

beforeEach(async () => {
  tokens = await TestRegistry.start();
  dispatcher = new Agent();
  respond = () => ({ body: { token: 't1' } });
  tokens.fault = (request, response) => {
    const { status = 200, location, body = {} } = respond(request);
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
    return true;
  };
});
afterEach(async () => {
  await dispatcher.destroy();
  await tokens[Symbol.asyncDispose]();
});

async function authorizer(given: Credentials | undefined) {
  const store = await CredentialStore.read([], given ? { [tokens.host]: given } : {});
  return new Authorizer(dispatcher, store);
}

/** A challenge of the registry, which is at the host of the token service. */
function challengeWith(header: string, changes: object = {}) {
  const url = new URL(`http://${tokens.host}/v2/team/app/manifests/1`);
  const access = { host: tokens.host, repository: 'team/app', scope: SCOPE };
  return { ...access, url, header, authorization: undefined, ...changes };
}
const bearer = (realm = `http://${tokens.host}/token`, more = '') =>
  `Bearer realm="${realm}",service="test"${more}`;

describe('the answer to a challenge is', () => {
  it.each<[string, string, Credentials | undefined, string | undefined]>([
    ['Basic', 'Basic realm="x"', credentials, BASIC],
    ['nothing for Basic without credentials', 'Basic realm="x"', undefined, undefined],
    ['nothing for another scheme', 'Negotiate', credentials, undefined],
    [
      'a registry token as it is',
      'Bearer realm="https://else.test"',
      { username: '', password: '', registryToken: 'rt' },
      'Bearer rt',
    ],
  ])('%s', async (_name, header, given, expected) => {
    expect(await (await authorizer(given)).answer(challengeWith(header))).toBe(expected);
    expect(tokens.seen).toEqual([]);
  });

  it.each<[string, Credentials | undefined, string | undefined]>([
    ['with credentials', credentials, BASIC],
    ['anonymous', undefined, undefined],
  ])('a token of the token service, %s', async (_name, given, authorization) => {
    const auth = await authorizer(given);
    expect(await auth.answer(challengeWith(bearer(undefined, ',scope="repository:other:pull"')))).toBe(
      'Bearer t1',
    );
    const [seen] = tokens.seen;
    expect([
      seen?.authorization,
      seen?.url.searchParams.getAll('scope'),
      seen?.url.searchParams.get('service'),
    ]).toEqual([authorization, [SCOPE, 'repository:other:pull'], 'test']);
  });

  it('a token for an identity token, which is not in the URL', async () => {
    const auth = await authorizer({ username: '', password: '', identityToken: 'id' });
    respond = () => ({ body: { access_token: 't2' } });
    expect(await auth.answer(challengeWith(bearer()))).toBe('Bearer t2');
    expect(tokens.seen[0]?.url.search).toBe('');
  });

  it('no credentials where a redirect has led to', async () => {
    const auth = await authorizer(credentials);
    expect(await auth.answer(challengeWith(bearer(), { anonymous: true }))).toBe('Bearer t1');
    expect(tokens.seen[0]?.authorization).toBeUndefined();
  });
});

describe('a token', () => {
  it('is requested once for concurrent transfers, and kept', async () => {
    const auth = await authorizer(credentials);
    const answers = await Promise.all([1, 2, 3].map(() => auth.answer(challengeWith(bearer()))));
    expect([answers, tokens.seen.length]).toEqual([['Bearer t1', 'Bearer t1', 'Bearer t1'], 1]);
    expect(await auth.header(tokens.host, SCOPE)).toBe('Bearer t1');
    expect(await auth.header(tokens.host, 'repository:other:pull')).toBeUndefined();
    expect(await auth.header('else.test', SCOPE)).toBeUndefined();
  });

  it('that is rejected is replaced, once', async () => {
    const auth = await authorizer(credentials);
    await auth.answer(challengeWith(bearer()));
    respond = () => ({ body: { token: 't2' } });
    const rejected = challengeWith(bearer(), { authorization: 'Bearer t1' });
    expect(await auth.answer(rejected)).toBe('Bearer t2');
    expect(await auth.answer(rejected)).toBe('Bearer t2');
    expect(tokens.seen.length).toBe(2);
  });

  it('and the password are masked in what the registry says', async () => {
    const auth = await authorizer(credentials);
    await auth.answer(challengeWith(bearer()));
    expect(auth.secrets.mask(`t1 secret ${BASIC.slice(6)}`)).not.toMatch(/secret|t1|bWU6/);
  });
});

describe('credentials are not sent', () => {
  it.each([
    ['over http to another host', 'http://else.test/token', 'http'],
    ['over http by a registry with TLS', `http://127.0.0.1:1/token`, 'https'],
    ['to something that is not a URL', 'token', 'http'],
    ['with another protocol', 'ftp://127.0.0.1/token', 'http'],
  ])('%s', async (_name, realm, scheme) => {
    const auth = await authorizer(credentials);
    const url = new URL(`${scheme}://${tokens.host}/v2/`);
    await expect(auth.answer(challengeWith(bearer(realm), { url }))).rejects.toMatchObject({
      code: 'REGISTRY',
      message: expect.stringContaining('a token service that is not allowed'),
    });
  });

  it('to another origin that the token service redirects to', async () => {
    await using other = await TestRegistry.start();
    other.fault = (_request, response) => {
      response.end(JSON.stringify({ token: 'elsewhere' }));
      return true;
    };
    respond = () => ({ status: 307, location: `http://${other.host}/token` });
    const auth = await authorizer(credentials);
    expect(await auth.answer(challengeWith(bearer()))).toBe('Bearer elsewhere');
    expect([tokens.seen[0]?.authorization, other.seen[0]?.authorization]).toEqual([BASIC, undefined]);
    const identity = await authorizer({ username: '', password: '', identityToken: 'id' });
    await expect(identity.answer(challengeWith(bearer()))).rejects.toMatchObject({ code: 'REGISTRY' });
    expect(other.seen.length).toBe(1);
  });
});

describe('a token service fails with', () => {
  it.each<[string, () => ReturnType<typeof respond>, object]>([
    ['no token', () => ({ body: {} }), { code: 'REGISTRY', message: /returned no token/ }],
    ['an empty token', () => ({ body: { token: '' } }), { code: 'REGISTRY', message: /returned no token/ }],
    ['what is not JSON', () => ({ body: '<html>' }), { code: 'REGISTRY', message: /returned no token/ }],
    ['401', () => ({ status: 401 }), { code: 'DENIED', message: /get a token/ }],
    ['403', () => ({ status: 403 }), { code: 'DENIED', message: /get a token/ }],
    [
      'redirects without end',
      () => ({ status: 302, location: '/token' }),
      { code: 'REGISTRY', message: /more than 10 redirects/ },
    ],
  ])('%s', async (_name, answer, { code, message }: { code?: string; message?: RegExp }) => {
    respond = answer;
    const auth = await authorizer(credentials);
    await expect(auth.answer(challengeWith(bearer()))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message as RegExp),
      where: { host: tokens.host },
    });
    expect(await auth.header(tokens.host, SCOPE)).toBeUndefined();
  });
});
