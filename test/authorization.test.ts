import { readFileSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build, licenseCredentials } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './airgap.ts';
import { makeCertificates } from './programs/certificates.ts';
import { missingPrograms } from './programs/program.ts';
import {
  absent,
  around,
  basic,
  basicLock,
  bearerLock,
  foreign,
  line,
  locked,
  redirecting,
  serve,
  tokens,
  withTokens,
} from './registry/answers.ts';
import { type Answer, Witness } from './registry/witness.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: where credentials go, for want of ${missing.join(', ')}\n`);

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

const LICENSED = { credentials: licenseCredentials('license') };

interface Row {
  readonly title: string;
  readonly from: string;
  readonly hosts: Record<string, Answer>;
  readonly options?: Partial<BuildOptions>;
  /** More entries of `auths`, host → entry. */
  readonly auths?: Record<string, object>;
  /** What the build ends with; a bundle when left out. */
  readonly code?: string;
  readonly asked: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    title: 'Docker Hub, its token service and its storage',
    from: 'docker.io/library/app:1',
    hosts: {
      [HUB]: locked(bearerLock(HUB_TOKENS, 'docker.io'), redirecting(CDN)),
      [HUB_TOKENS]: tokens,
      [CDN]: serve,
    },
    asked: [
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
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} token with quay.test`,
      `${QUAY} manifests with Bearer token-for-quay.test`,
      `${QUAY} blobs with Bearer token-for-quay.test`,
    ],
  },
  {
    title: 'a registry with Basic and storage elsewhere',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(basicLock('quay.test'), redirecting(CDN)), [CDN]: serve },
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${CDN} blobs with nothing`,
    ],
  },
  {
    title: 'an identity token, which only the token service gets',
    from: 'quay.test/team/app:1',
    auths: { 'quay.test': { identitytoken: 'of-quay' } },
    hosts: { [QUAY]: locked({ ...bearerLock(EVIL, ''), wants: 'Bearer token-for-nothing' }), [EVIL]: tokens },
    asked: [
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
      [QUAY]: locked(basicLock('quay.test'), redirecting('https://quay.test:8443')),
      'https://quay.test:8443': serve,
    },
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      'https://quay.test:8443 blobs with nothing',
    ],
  },
  {
    title: 'another place on the same host',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(basicLock('quay.test'), around(`${QUAY}/back`)) },
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'another host that leads back, by which credentials do not come back',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: (asked, response) =>
        (asked.url.pathname.startsWith('/back') ? serve : locked(basicLock('quay.test'), redirecting(EVIL)))(
          asked,
          response,
        ),
      [EVIL]: redirecting(`${QUAY}/back`),
    },
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${EVIL} blobs with nothing`,
      `${QUAY} blobs with nothing`,
    ],
  },
  {
    title: 'storage that asks for credentials, which nobody answers',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: locked(basicLock('quay.test'), redirecting(EVIL)),
      [EVIL]: withTokens(EVIL, 'quay.test'),
    },
    code: 'DENIED',
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
      `${EVIL} blobs with nothing`,
    ],
  },
  {
    title: 'storage without TLS, which is not asked',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(basicLock('quay.test'), redirecting(OPEN)), [OPEN]: serve },
    code: 'REGISTRY',
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'a token service without TLS, which is not asked',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(bearerLock(OPEN, 'quay.test')), [OPEN]: tokens },
    code: 'REGISTRY',
    asked: [`${QUAY} manifests with nothing`],
  },
  {
    title: 'the same host without TLS as the token service, which is not asked',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(bearerLock('http://quay.test', 'quay.test')), 'http://quay.test': tokens },
    code: 'REGISTRY',
    asked: [`${QUAY} manifests with nothing`],
  },
  {
    title: 'a registry and a token service without TLS',
    from: 'open.test/team/app:1',
    options: { plainHttp: ['open.test'] },
    hosts: {
      [OPEN]: withTokens(OPEN, 'open.test'),
    },
    asked: [
      `${OPEN} manifests with nothing`,
      `${OPEN} token with open.test`,
      `${OPEN} manifests with Bearer token-for-open.test`,
      `${OPEN} blobs with Bearer token-for-open.test`,
    ],
  },
  {
    title: 'a registry without TLS that names a token service without TLS elsewhere, which is not asked',
    from: 'open.test/team/app:1',
    options: { plainHttp: ['open.test'] },
    hosts: { [OPEN]: locked(bearerLock('http://evil.test', 'open.test')), 'http://evil.test': tokens },
    code: 'REGISTRY',
    asked: [`${OPEN} manifests with nothing`],
  },
  {
    title: 'a token service that sends us on, which nobody follows',
    from: 'quay.test/team/app:1',
    hosts: {
      [QUAY]: locked(bearerLock(CDN, 'quay.test')),
      [CDN]: ({ url }, response) => response.writeHead(307, { location: EVIL + url.pathname }).end(),
      [EVIL]: tokens,
    },
    code: 'REGISTRY',
    asked: [`${QUAY} manifests with nothing`, `${CDN} token with quay.test`],
  },
  {
    title: 'a mirror, which gets its own',
    from: 'quay.test/team/app:1',
    options: { mirrors: { 'quay.test': MIRROR } },
    hosts: { [MIRROR]: locked(basicLock('mirror.test')), [QUAY]: locked(basicLock('quay.test')) },
    asked: [
      `${MIRROR} manifests with nothing`,
      `${MIRROR} manifests with mirror.test`,
      `${MIRROR} blobs with mirror.test`,
    ],
  },
  {
    title: 'a mirror that lacks the image, and then the registry, each with its own',
    from: 'quay.test/team/app:1',
    options: { mirrors: { 'quay.test': MIRROR } },
    hosts: { [MIRROR]: locked(basicLock('mirror.test'), absent), [QUAY]: locked(basicLock('quay.test')) },
    asked: [
      `${MIRROR} manifests with nothing`,
      `${MIRROR} manifests with mirror.test`,
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${MIRROR} blobs with mirror.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
  {
    title: 'another port of a host whose credentials are known, which gets none',
    from: 'quay.test:9443/team/app:1',
    hosts: { 'https://quay.test:9443': locked(basicLock('quay.test')) },
    code: 'DENIED',
    asked: ['https://quay.test:9443 manifests with nothing'],
  },
  {
    title: "a license for the application's own image",
    from: 'registry.replicated.com/app/own:1',
    options: LICENSED,
    hosts: { [REPLICATED]: locked(basicLock('license')) },
    asked: [
      `${REPLICATED} manifests with nothing`,
      `${REPLICATED} manifests with license`,
      `${REPLICATED} blobs with license`,
    ],
  },
  {
    title: 'a license for a third-party image by way of the proxy, and the third party never asked',
    from: 'quay.test/team/app:1',
    options: { ...LICENSED, viaProxy: { app: 'app', hosts: ['quay.test'] } },
    hosts: { [PROXY]: locked(basicLock('license'), redirecting(CDN)), [QUAY]: serve, [CDN]: serve },
    asked: [
      `${PROXY} manifests with nothing`,
      `${PROXY} manifests with license`,
      `${PROXY} blobs with license`,
      `${CDN} blobs with nothing`,
    ],
  },
  {
    title: 'a license, which a public image has no use for',
    from: 'docker.io/library/app:1',
    options: LICENSED,
    hosts: { [HUB]: locked(basicLock('docker.io')) },
    asked: [
      `${HUB} manifests with nothing`,
      `${HUB} manifests with docker.io`,
      `${HUB} blobs with docker.io`,
    ],
  },
  {
    title: 'a layer that the manifest says is elsewhere, where nobody asks',
    from: 'quay.test/team/app:1',
    hosts: { [QUAY]: locked(basicLock('quay.test'), foreign(EVIL)), [EVIL]: serve },
    asked: [
      `${QUAY} manifests with nothing`,
      `${QUAY} manifests with quay.test`,
      `${QUAY} blobs with quay.test`,
    ],
  },
];

describe.skipIf(missing.length > 0)('credentials go only where they belong:', () => {
  const work = new Workplace();
  let witness: Witness;
  let pem: string;

  beforeAll(async () => {
    const names = [...ORIGINS, 'https://quay.test:9443'].map(origin => `DNS:${new URL(origin).hostname}`);
    const { ca, server } = await makeCertificates(work.path, ...names);
    pem = readFileSync(ca, 'utf8');
    witness = await Witness.start(server);
  });
  afterAll(async () => {
    await witness[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  /** Writes a config.json that knows every host there is. */
  function writeConfig(more: Record<string, object> = {}): string {
    const hosts = ORIGINS.map(origin => new URL(origin).host).filter(host => host !== new URL(HUB).host);
    const entries = hosts.map(host => [host, { auth: basic(host).replace('Basic ', '') }]);
    const hub = { 'https://index.docker.io/v1/': { auth: basic('docker.io').replace('Basic ', '') } };
    const config = work.file('config.json');
    writeFileSync(config, JSON.stringify({ auths: { ...Object.fromEntries(entries), ...hub, ...more } }));
    return config;
  }

  it.each(ROWS.map(row => [row.title, row] as const))('%s', async (_title, row) => {
    const { from, hosts, options, auths, code, asked } = row;
    witness.hosts = hosts;
    witness.asked.length = 0;
    const proxy = `http://${witness.host}`;
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
    expect(new Set(witness.asked.map(line))).toEqual(new Set(asked));
  });
});
