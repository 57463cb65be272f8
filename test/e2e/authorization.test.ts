import { readFileSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build, licenseCredentials } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authenticated,
  basic,
  basicAuth,
  bearerAuth,
  challengingAtBase,
  describeRequest,
  movedTo,
  notFound,
  redirecting,
  redirectingWithin,
  serve,
  tokens,
  withForeignLayer,
  withTokens,
} from '../registry/handlers.ts';
import { type Handler, TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { missingPrograms } from '../support/programs/program.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: where credentials are sent, missing ${missing.join(', ')}\n`);

const HUB = 'https://registry-1.docker.io';
const HUB_TOKENS = 'https://auth.docker.io';
const QUAY = 'https://quay.test';
const OPEN = 'http://open.test';
const CDN = 'https://cdn.test';
const EVIL = 'https://evil.test';
const MIRROR = 'https://mirror.test';
const REPLICATED = 'https://registry.replicated.com';
const PROXY = 'https://proxy.replicated.com';
const ORIGINS = [HUB, HUB_TOKENS, QUAY, 'https://quay.test:8443', OPEN, CDN, EVIL, MIRROR, REPLICATED, PROXY];

/** A registry that accepts anonymous tokens of Docker Hub's token service. */
const ANONYMOUS_TOKEN = {
  challenge: `Bearer realm="${HUB_TOKENS}/token",service="test"`,
  expected: 'Bearer token-for-nothing',
};
const authOf = (user: string) => ({ auth: basic(user).replace('Basic ', '') });

/** The credentials that an airgap.yaml names. */
const ME = `Basic ${Buffer.from('me:the-token').toString('base64')}`;

const LICENSED = { credentials: licenseCredentials('license') };

interface Case {
  readonly title: string;
  readonly from: string;
  readonly hosts: Record<string, Handler>;
  readonly options?: Partial<BuildOptions>;
  /** More entries of `auths`, host → entry. */
  readonly auths?: Record<string, object | null>;
  /** The error code of the build; it succeeds when omitted. */
  readonly code?: string;
  readonly requests: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'Docker Hub, its token service and its storage',
    from: 'docker.io/library/app:1',
    hosts: {
      [HUB]: authenticated(bearerAuth(HUB_TOKENS, 'docker.io'), redirecting(CDN)),
      [HUB_TOKENS]: tokens,
      [CDN]: serve,
    },
    requests: [
      `${HUB} manifests with nothing`,
      `${HUB_TOKENS} token with docker.io`,
      `${HUB} manifests with Bearer token-for-docker.io`,
      `${HUB} blobs with Bearer token-for-docker.io`,
      `${CDN} blobs with nothing`,
    ],
  },
  {
    title: 'a token service on the same host',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: withTokens(QUAY, 'quay.test'),
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} token with quay.test`,
      `${QUAY} manifests with Bearer token-for-quay.test`,
      `${QUAY} blobs with Bearer token-for-quay.test`,
    ],
  },
  {
    title: 'a registry with Basic and external storage',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(basicAuth('quay.test'), redirecting(CDN)), [CDN]: serve },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${CDN} blobs with nothing`,
    ],
  },
  {
    title: 'an identity token goes to the token service only',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': { identitytoken: 'of-quay' } },
    hosts: {
      [QUAY]: authenticated({ ...bearerAuth(EVIL, ''), expected: 'Bearer token-for-nothing' }),
      [EVIL]: tokens,
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${EVIL} token with the identity token of-quay`,
      `${QUAY} manifests with Bearer token-for-nothing`,
      `${QUAY} blobs with Bearer token-for-nothing`,
    ],
  },
  {
    title: 'storage on another port',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated(basicAuth('quay.test'), redirecting('https://quay.test:8443')),
      'https://quay.test:8443': serve,
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      'https://quay.test:8443 blobs with nothing',
    ],
  },
  {
    title: 'a redirect on the same host',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(basicAuth('quay.test'), redirectingWithin(`${QUAY}/back`)) },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'a redirect to another host and back drops the credentials',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: (request, response) =>
        (request.url.pathname.startsWith('/back')
          ? serve
          : authenticated(basicAuth('quay.test'), redirecting(EVIL)))(request, response),
      [EVIL]: redirecting(`${QUAY}/back`),
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${EVIL} blobs with nothing`,
      `${QUAY} blobs with nothing`,
    ],
  },
  {
    title: 'a challenge of the storage gets an anonymous token, no credentials',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated(basicAuth('quay.test'), redirecting(EVIL)),
      [EVIL]: withTokens(EVIL, 'quay.test'),
    },
    code: 'DENIED',
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${EVIL} blobs with nothing`,
      `${EVIL} token with nothing`,
      `${EVIL} blobs with Bearer token-for-nothing`,
    ],
  },
  {
    title: 'another registry that a redirect leads to, with its own anonymous token',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: movedTo(MIRROR), [MIRROR]: authenticated(ANONYMOUS_TOKEN), [HUB_TOKENS]: tokens },
    requests: [
      `${QUAY} manifests with nothing`,
      `${MIRROR} manifests with nothing`,
      `${HUB_TOKENS} token with nothing`,
      `${MIRROR} manifests with Bearer token-for-nothing`,
      `${QUAY} blobs with nothing`,
      `${MIRROR} blobs with nothing`,
      `${MIRROR} blobs with Bearer token-for-nothing`,
    ],
  },
  ...[401, 403, 404].map(status => ({
    title: `a challenge at the base of the API only, and ${status} elsewhere`,
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: challengingAtBase(basicAuth('quay.test'), status) },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} /v2/ with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  })),
  {
    title: 'a missing name is confirmed once without credentials when the registry requests none',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: notFound },
    code: 'NOT_FOUND',
    // The list of tags is for the message.
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} /v2/ with nothing`,
      `${QUAY} /v2/team/app/tags/list with nothing`,
    ],
  },
  {
    title: 'the longest matching key of a namespace',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test/team': authOf('team'), 'quay.test/team/other': authOf('other') },
    hosts: { [QUAY]: authenticated(basicAuth('team')) },
    requests: [`${QUAY} manifests with nothing`, `${QUAY} manifests with team`, `${QUAY} blobs with team`],
  },
  {
    title: 'keys of other namespaces only',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': null, 'quay.test/tea': authOf('tea'), 'quay.test/other': authOf('other') },
    hosts: { [QUAY]: authenticated(basicAuth('team')) },
    code: 'DENIED',
    requests: [`${QUAY} manifests with nothing`],
  },
  {
    title: 'two namespaces of one registry, each with its own credentials',
    from: 'quay.test/team/app:1\nquay.test/other/app:1',
    auths: { 'quay.test': null, 'quay.test/team': authOf('team'), 'quay.test/other': authOf('other') },
    hosts: {
      [QUAY]: (request, response) => {
        const user = request.url.pathname.startsWith('/v2/team/') ? 'team' : 'other';
        authenticated(basicAuth(user))(request, response);
      },
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with team`,
      `${QUAY} manifests with other`,
      `${QUAY} blobs with team`,
      `${QUAY} blobs with other`,
    ],
  },
  {
    title: 'a registry token is sent as it is',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': { registrytoken: 'of-quay' } },
    hosts: {
      [QUAY]: authenticated({ challenge: `Bearer realm="${EVIL}/token"`, expected: 'Bearer of-quay' }),
      [EVIL]: tokens,
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with Bearer of-quay`,
      `${QUAY} blobs with Bearer of-quay`,
    ],
  },
  {
    title: 'credentials without user and password are not sent',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': { auth: 'Og==' } },
    hosts: { [QUAY]: authenticated(ANONYMOUS_TOKEN), [HUB_TOKENS]: tokens },
    requests: [
      `${QUAY} manifests with nothing`,
      `${HUB_TOKENS} token with nothing`,
      `${QUAY} manifests with Bearer token-for-nothing`,
      `${QUAY} blobs with Bearer token-for-nothing`,
    ],
  },
  {
    title: 'a token service that sends a null token and an access token',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated({ challenge: `Bearer realm="${HUB_TOKENS}/token"`, expected: 'Bearer given' }),
      [HUB_TOKENS]: (_request, response) =>
        response.end(JSON.stringify({ token: null, access_token: 'given' })),
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${HUB_TOKENS} token with quay.test`,
      `${QUAY} manifests with Bearer given`,
      `${QUAY} blobs with Bearer given`,
    ],
  },
  {
    title: 'storage without TLS is not contacted',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(basicAuth('quay.test'), redirecting(OPEN)), [OPEN]: serve },
    code: 'REGISTRY',
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'a token service without TLS is not contacted',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(bearerAuth(OPEN, 'quay.test')), [OPEN]: tokens },
    code: 'REGISTRY',
    requests: [`${QUAY} manifests with nothing`],
  },
  {
    title: 'a token service on the same host without TLS is not contacted',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(bearerAuth('http://quay.test', 'quay.test')), 'http://quay.test': tokens },
    code: 'REGISTRY',
    requests: [`${QUAY} manifests with nothing`],
  },
  {
    title: 'a registry and a token service without TLS',
    from: 'open.test/team/app:1',
    options: { plainHttp: ['open.test'] },
    hosts: {
      [OPEN]: withTokens(OPEN, 'open.test'),
    },
    requests: [
      `${OPEN} manifests with nothing`,
      `${OPEN} token with open.test`,
      `${OPEN} manifests with Bearer token-for-open.test`,
      `${OPEN} blobs with Bearer token-for-open.test`,
    ],
  },
  {
    title: 'a token service without TLS on another host is not contacted, even for a registry without TLS',
    from: 'open.test/team/app:1',
    options: { plainHttp: ['open.test'] },
    hosts: { [OPEN]: authenticated(bearerAuth('http://evil.test', 'open.test')), 'http://evil.test': tokens },
    code: 'REGISTRY',
    requests: [`${OPEN} manifests with nothing`],
  },
  {
    title: 'a redirect of the token service to another host gets no credentials',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated({ ...ANONYMOUS_TOKEN, challenge: `Bearer realm="${CDN}/token"` }),
      [CDN]: movedTo(EVIL),
      [EVIL]: tokens,
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${CDN} token with quay.test`,
      `${EVIL} token with nothing`,
      `${QUAY} manifests with Bearer token-for-nothing`,
      `${QUAY} blobs with Bearer token-for-nothing`,
    ],
  },
  {
    title: 'a redirect of the token service to another host and back drops the credentials',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated({ ...ANONYMOUS_TOKEN, challenge: `Bearer realm="${CDN}/token"` }),
      [CDN]: (request, response) =>
        (request.url.pathname.startsWith('/back') ? tokens : movedTo(EVIL))(request, response),
      [EVIL]: movedTo(`${CDN}/back`),
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${CDN} token with quay.test`,
      `${EVIL} token with nothing`,
      `${CDN} token with nothing`,
      `${QUAY} manifests with Bearer token-for-nothing`,
      `${QUAY} blobs with Bearer token-for-nothing`,
    ],
  },
  {
    title: 'a redirect of the token service on the same host keeps the credentials',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: authenticated(bearerAuth(CDN, 'quay.test')),
      [CDN]: (request, response) =>
        (request.url.pathname.startsWith('/new') ? tokens : movedTo('/new'))(request, response),
    },
    requests: [
      `${QUAY} manifests with nothing`,
      `${CDN} token with quay.test`,
      `${QUAY} manifests with Bearer token-for-quay.test`,
      `${QUAY} blobs with Bearer token-for-quay.test`,
    ],
  },
  {
    title: 'a redirect of the token service to another host gets no identity token',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': { identitytoken: 'of-quay' } },
    hosts: { [QUAY]: authenticated(bearerAuth(CDN, 'quay.test')), [CDN]: movedTo(EVIL), [EVIL]: tokens },
    code: 'REGISTRY',
    requests: [`${QUAY} manifests with nothing`, `${CDN} token with the identity token of-quay`],
  },
  {
    title: 'a redirect of the token service to a host without TLS is not followed',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(bearerAuth(CDN, 'quay.test')), [CDN]: movedTo(OPEN), [OPEN]: tokens },
    code: 'REGISTRY',
    requests: [`${QUAY} manifests with nothing`, `${CDN} token with quay.test`],
  },
  {
    title: 'a mirror gets its own credentials',
    from: 'quay.test/team/app:1',
    options: { mirrors: { 'quay.test': MIRROR } },
    hosts: {
      [MIRROR]: authenticated(basicAuth('mirror.test')),
      [QUAY]: authenticated(basicAuth('quay.test')),
    },
    requests: [
      `${MIRROR} manifests with nothing`,
      `${MIRROR} manifests with mirror.test`,
      `${MIRROR} blobs with mirror.test`,
    ],
  },
  {
    title: 'a mirror without the image, then the registry, each with its own credentials',
    from: 'quay.test/team/app:1',
    options: { mirrors: { 'quay.test': MIRROR } },
    hosts: {
      [MIRROR]: authenticated(basicAuth('mirror.test'), notFound),
      [QUAY]: authenticated(basicAuth('quay.test')),
    },
    requests: [
      `${MIRROR} manifests with nothing`,
      `${MIRROR} manifests with mirror.test`,
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${MIRROR} blobs with mirror.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'another port of a host gets no credentials of that host',
    from: 'quay.test:9443/team/app:1',
    hosts: { 'https://quay.test:9443': authenticated(basicAuth('quay.test')) },
    code: 'DENIED',
    requests: ['https://quay.test:9443 manifests with nothing'],
  },
  {
    title: "a license for the application's own image",
    from: 'registry.replicated.com/app/own:1',
    options: LICENSED,
    hosts: { [REPLICATED]: authenticated(basicAuth('license')) },
    requests: [
      `${REPLICATED} manifests with nothing`,
      `${REPLICATED} manifests with license`,
      `${REPLICATED} blobs with license`,
    ],
  },
  {
    title: 'a license for a third-party image through the proxy; the third-party registry is not contacted',
    from: 'quay.test/team/app:1',
    options: { ...LICENSED, viaProxy: { app: 'app', hosts: ['quay.test'] } },
    hosts: { [PROXY]: authenticated(basicAuth('license'), redirecting(CDN)), [QUAY]: serve, [CDN]: serve },
    requests: [
      `${PROXY} manifests with nothing`,
      `${PROXY} manifests with license`,
      `${PROXY} blobs with license`,
      `${CDN} blobs with nothing`,
    ],
  },
  {
    title: 'a license is not sent for a public image',
    from: 'docker.io/library/app:1',
    options: LICENSED,
    hosts: { [HUB]: authenticated(basicAuth('docker.io')) },
    requests: [
      `${HUB} manifests with nothing`,
      `${HUB} manifests with docker.io`,
      `${HUB} blobs with docker.io`,
    ],
  },
  {
    title: 'the urls of a layer are not contacted',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: authenticated(basicAuth('quay.test'), withForeignLayer(EVIL)), [EVIL]: serve },
    requests: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
];

describe.skipIf(missing.length > 0)('credentials are sent only where they belong:', () => {
  const work = new TempDir();
  let server: TestRegistry;
  let pem: string;

  beforeAll(async () => {
    const names = [...ORIGINS, 'https://quay.test:9443'].map(origin => `DNS:${new URL(origin).hostname}`);
    const { ca, server: certificate } = await makeCertificates(work.path, ...names);
    pem = readFileSync(ca, 'utf8');
    server = await TestRegistry.start({ tls: { certificate } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  /** Writes a config.json with credentials for every host. */
  function writeConfig(more: Record<string, object | null> = {}): string {
    const hosts = ORIGINS.map(origin => new URL(origin).host).filter(host => host !== new URL(HUB).host);
    const entries = hosts.map(host => [host, { auth: basic(host).replace('Basic ', '') }]);
    const hub = { 'https://index.docker.io/v1/': { auth: basic('docker.io').replace('Basic ', '') } };
    const config = work.file('config.json');
    writeFileSync(config, JSON.stringify({ auths: { ...Object.fromEntries(entries), ...hub, ...more } }));
    return config;
  }

  it.each(CASES.map(entry => [entry.title, entry] as const))('%s', async (_title, entry) => {
    const { from, hosts, options, auths, code, requests } = entry;
    server.hosts = hosts;
    server.seen.length = 0;
    const proxy = `http://${server.host}`;
    const building = build({
      specs: [{ file: 'list.txt', text: from }],
      output: work.file('bundle.tar'),
      credentialFiles: [writeConfig(auths)],
      proxy: { http: proxy, https: proxy },
      ca: [{ pem }],
      ...options,
    });
    if (code === undefined) await building;
    else await expect(building).rejects.toMatchObject({ code });
    expect(new Set(server.seen.map(describeRequest))).toEqual(new Set(requests));
  });

  const STEAL = `registries: {quay: quay.test}\ncredentials: {evil.test: {username: me, passwordEnv: TOKEN}}\nmirrors: {quay.test: "${EVIL}"}\n`;

  it.each<[string, string, readonly string[], number, readonly string[]]>([
    ['with credentials and mirrors sends nothing at all', STEAL, [], 2, []],
    [
      'with mirrors alone sends nothing at all',
      `registries: {quay: quay.test}\nmirrors: {quay.test: "${EVIL}"}\n`,
      [],
      2,
      [],
    ],
    [
      'that names another registry gets what the user has for it, and no more',
      'registries: {quay: evil.test}\n',
      [],
      0,
      [`${EVIL} manifests with nothing`, `${EVIL} manifests with evil.test`, `${EVIL} blobs with evil.test`],
    ],
    [
      'is used when --config names it',
      STEAL,
      ['--config', 'airgap.yaml'],
      0,
      [
        `${EVIL} manifests with nothing`,
        `${EVIL} manifests with me with another password`,
        `${QUAY} manifests with nothing`,
        `${QUAY} manifests with quay.test`,
        `${EVIL} blobs with me with another password`,
        `${QUAY} blobs with quay.test`,
      ],
    ],
  ])('an airgap.yaml of a folder %s', async (_name, config, flags, status, requests) => {
    const isMirror = config.includes('mirrors');
    const evil = isMirror ? { challenge: 'Basic realm="x"', expected: ME } : basicAuth('evil.test');
    server.hosts = {
      [QUAY]: authenticated(basicAuth('quay.test')),
      [EVIL]: authenticated(evil, isMirror ? notFound : serve),
    };
    server.seen.length = 0;
    writeConfig();
    using folder = new TempDir({
      'airgap.yaml': config,
      'app.yaml': 'images:\n- {source: quay, name: team/app, tag: "1"}\n',
    });
    const proxy = `http://${server.host}`;
    const outcome = await airgap(
      ['build', 'app.yaml', '-o', 'bundle.tar', '--ca', work.file('ca.crt'), ...flags],
      {
        cwd: folder.path,
        env: { TOKEN: 'the-token', DOCKER_CONFIG: work.path, HTTPS_PROXY: proxy },
      },
    );
    expect(outcome.stderr).not.toContain('the-token');
    expect(new Set(server.seen.map(describeRequest))).toEqual(new Set(requests));
    expect(outcome.status).toBe(status);
  });
});
