import { readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type AirgapEvent, build, licenseCredentials } from '@airgap/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { authenticated, layer, serve } from '../registry/handlers.ts';
import { type Handler, TestRegistry } from '../registry/registry.ts';
import { sendError } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { missingPrograms } from '../support/programs/program.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: secrets, missing ${missing.join(', ')}\n`);

/** Every secret that a build may know. */
const SECRETS = {
  password: 'Kp7-password-of-quay',
  identityToken: 'Kp7-identity-token-of-hub',
  token: 'Kp7-token-that-hub-made',
  license: 'Kp7-license-id',
  proxyPassword: 'Kp7-password-of-proxy',
  signature: 'Kp7-signature-of-a-link',
} as const;
const basic = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64');
const QUAY = basic('me', SECRETS.password);
const LICENSE = basic(SECRETS.license, SECRETS.license);
/** The forms in which a leaked secret could appear. */
const TRACES = ['Kp7', QUAY, LICENSE, basic('me', SECRETS.proxyPassword)];

const SIGNED = `https://cdn.test/blob?X-Amz-Credential=Kp7&X-Amz-Signature=${SECRETS.signature}`;
const LIST = 'docker.io/library/app:1\nquay.test/team/app:1\nregistry.replicated.com/app/own:1\n';

/** A registry that redirects blob requests to a signed URL. */
const signing: Handler = (request, response) => {
  if (!request.url.pathname.includes('/blobs/')) return serve(request, response);
  const digest = request.url.pathname.split('/blobs/')[1];
  response.writeHead(307, { location: `${SIGNED}&blob=/${digest}` }).end();
};
const storage: Handler = (request, response) =>
  serve({ ...request, url: new URL(request.url.searchParams.get('blob') ?? '', request.url) }, response);
const bearer = { challenge: 'Bearer realm="https://auth.test/token"', expected: `Bearer ${SECRETS.token}` };
const HOSTS: Record<string, Handler> = {
  'https://registry-1.docker.io': authenticated(bearer, signing),
  'https://auth.test': (_request, response) => response.end(JSON.stringify({ token: SECRETS.token })),
  'https://quay.test': authenticated({ challenge: 'Basic', expected: `Basic ${QUAY}` }, signing),
  'https://registry.replicated.com': authenticated(
    { challenge: 'Basic', expected: `Basic ${LICENSE}` },
    signing,
  ),
  'https://cdn.test': storage,
};

/** Quotes the credentials that it received, verbatim and decoded. */
const echo =
  (status: number): Handler =>
  ({ url, authorization = 'nothing', form }, response) => {
    response.setHeader('retry-after', '0');
    const refresh = new URLSearchParams(form).get('refresh_token');
    const credentials = refresh ? `Bearer ${refresh}` : authorization;
    sendError(
      response,
      status,
      'FAULT',
      `${describeCredentials(credentials)}, cannot use "${credentials}" at ${url.href}`,
    );
  };
/** Quotes an `Authorization` without its scheme, and the password of Basic. */
const describeCredentials = (authorization: string) => {
  const [scheme, value = ''] = authorization.split(' ');
  if (scheme !== 'Basic') return `the token ${value} is wrong`;
  const password = Buffer.from(value, 'base64').toString().split(':')[1] ?? '';
  return `the password ${password} of ${value} is wrong`;
};
/** A message so long that it is truncated in the middle of the token. */
const longWinded: Handler = ({ authorization = '' }, response) =>
  sendError(response, 403, 'FAULT', `${'x'.repeat(185)} ${authorization.replace('Bearer ', '')}`);
const redirect =
  (location: string): Handler =>
  (_request, response) => {
    response.writeHead(307, { location }).end();
  };
const flipped: Handler = (_request, response) => response.end(Buffer.alloc(layer.bytes.length));
/** Stalls in the middle of the layer. */
const stalling: Handler = (request, response) => {
  if (!request.url.search.endsWith(layer.diffId)) return storage(request, response);
  response.writeHead(200, { 'content-length': layer.bytes.length });
  response.write(layer.bytes.subarray(0, 2_000_000));
};

interface Case {
  readonly title: string;
  readonly hosts?: Record<string, Handler>;
  /** The status of the CONNECT requests. */
  readonly refusals?: readonly number[];
  readonly status: number;
  readonly interruptAt?: RegExp;
}

const CASES: readonly Case[] = [
  { title: 'a successful build', status: 0 },
  {
    title: 'a registry that quotes Basic credentials',
    hosts: {
      'https://quay.test': authenticated({ challenge: 'Basic', expected: `Basic ${QUAY}` }, echo(403)),
    },
    status: 2,
  },
  {
    title: 'a registry that quotes a Bearer token',
    hosts: { 'https://registry-1.docker.io': authenticated(bearer, echo(403)) },
    status: 2,
  },
  {
    title: 'a registry whose message is truncated',
    hosts: { 'https://registry-1.docker.io': authenticated(bearer, longWinded) },
    status: 2,
  },
  {
    title: 'a token service that quotes the credentials',
    hosts: { 'https://auth.test': echo(401) },
    status: 2,
  },
  {
    title: 'a token service with an invalid JSON response',
    hosts: { 'https://auth.test': (_request, response) => response.end(`"${SECRETS.token}`) },
    status: 3,
  },
  {
    title: 'a registry that is always busy, with retries',
    hosts: {
      'https://registry.replicated.com': authenticated(
        { challenge: 'Basic', expected: `Basic ${LICENSE}` },
        echo(503),
      ),
    },
    status: 3,
  },
  { title: 'storage that is always busy', hosts: { 'https://cdn.test': echo(503) }, status: 3 },
  { title: 'storage without the blob', hosts: { 'https://cdn.test': echo(404) }, status: 2 },
  { title: 'storage with wrong bytes', hosts: { 'https://cdn.test': flipped }, status: 4 },
  {
    title: 'storage without TLS',
    hosts: { 'https://cdn.test': redirect(SIGNED.replace('https', 'http')) },
    status: 3,
  },
  { title: 'endless redirects', hosts: { 'https://cdn.test': redirect(SIGNED) }, status: 3 },
  {
    title: 'a token service that is not allowed',
    hosts: {
      'https://quay.test': authenticated({
        challenge: `Bearer realm="http://a.test/token?token=Kp7"`,
        expected: '',
      }),
    },
    status: 3,
  },
  { title: 'a proxy that rejects the credentials', refusals: Array(50).fill(407), status: 3 },
  {
    title: 'an interrupt',
    hosts: { 'https://cdn.test': stalling },
    status: 130,
    interruptAt: /blobs,|blob-progress/,
  },
];

describe.skipIf(missing.length > 0)('no secret leaks from', () => {
  const inputs = new TempDir();
  let server: TestRegistry;
  let ca: string;
  let work: TempDir;

  beforeAll(async () => {
    const hosts = [...Object.keys(HOSTS)].map(origin => `DNS:${new URL(origin).host}`);
    const certificates = await makeCertificates(inputs.path, ...hosts);
    ca = certificates.ca;
    server = await TestRegistry.start({ tls: { certificate: certificates.server } });
    const auths = { 'https://index.docker.io/v1/': { identitytoken: SECRETS.identityToken } };
    writeFileSync(inputs.file('config.json'), JSON.stringify({ auths }));
    writeFileSync(
      inputs.file('airgap.yaml'),
      'credentials:\n  quay.test: {username: me, passwordEnv: QUAY_PASSWORD}\n',
    );
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    inputs[Symbol.dispose]();
  });
  beforeEach(() => {
    work = new TempDir();
  });
  afterEach(() => work[Symbol.dispose]());

  const proxy = () => `http://me:${SECRETS.proxyPassword}@${server.host}`;

  function expectNoSecrets(text: string): void {
    for (const trace of TRACES) expect(text).not.toContain(trace);
  }

  /** The names and contents of the files that the build wrote. */
  const writtenFiles = () => work.files().map(file => `${file}\n${readFileSync(work.file(file), 'latin1')}`);

  describe.each(CASES.map(entry => [entry.title, entry] as const))('%s:', (_title, entry) => {
    beforeEach(() => {
      server.hosts = { ...HOSTS, ...entry.hosts };
      server.refusals = entry.refusals ?? [];
    });

    it.each(['plain', 'json'])(
      'the output of the program with %s progress, and its files',
      async progress => {
        const config = ['--config', inputs.file('airgap.yaml'), '--ca', ca, '--license', SECRETS.license];
        const { status, stdout, stderr } = await airgap(
          ['build', '-', '-o', 'bundle.tar', '--json', '--progress', progress, ...config],
          {
            cwd: work.path,
            stdin: LIST,
            env: {
              HTTPS_PROXY: proxy(),
              HTTP_PROXY: proxy(),
              NO_PROXY: '',
              QUAY_PASSWORD: SECRETS.password,
              DOCKER_CONFIG: inputs.path,
              AIRGAP_DEBUG: '1',
            },
            ...(entry.interruptAt ? { interruptAt: entry.interruptAt } : {}),
          },
        );
        expectNoSecrets(`${stdout}\n${stderr}`);
        for (const text of writtenFiles()) expectNoSecrets(text);
        expect(status).toBe(entry.status);
      },
    );

    // Only the program handles Ctrl-C.
    if (entry.interruptAt !== undefined) return;
    it('the events and errors of the library', async () => {
      const events: AirgapEvent[] = [];
      const error = await build({
        specs: [{ file: 'list.txt', text: LIST }],
        output: work.file('bundle.tar'),
        credentialFiles: [inputs.file('config.json')],
        credentials: {
          'quay.test': { username: 'me', password: SECRETS.password },
          ...licenseCredentials(SECRETS.license),
        },
        proxy: { https: proxy(), http: proxy() },
        ca: [{ pem: readFileSync(ca, 'utf8') }],
        onEvent: event => events.push(event),
      }).then(
        () => undefined,
        thrown => thrown,
      );
      expect(error === undefined).toBe(entry.status === 0);
      expectNoSecrets(inspect([events, error], { depth: 20, showHidden: true }));
    });
  });
});
