import { readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type AirgapEvent, build, licenseCredentials } from '@airgap/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';
import { makeCertificates } from './programs/certificates.ts';
import { missingPrograms } from './programs/program.ts';
import { layer, locked, serve } from './registry/answers.ts';
import { sendError } from './registry/registry.ts';
import { type Answer, Witness } from './registry/witness.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: secrets, for want of ${missing.join(', ')}\n`);

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
/** How the secrets would look wherever they turn up. */
const TRACES = ['Kp7', QUAY, LICENSE, basic('me', SECRETS.proxyPassword)];

const SIGNED = `https://cdn.test/blob?X-Amz-Credential=Kp7&X-Amz-Signature=${SECRETS.signature}`;
const LIST = 'docker.io/library/app:1\nquay.test/team/app:1\nregistry.replicated.com/app/own:1\n';

/** A registry whose blobs are elsewhere, behind a signed link. */
const signing: Answer = (asked, response) => {
  if (!asked.url.pathname.includes('/blobs/')) return serve(asked, response);
  const [, digest] = asked.url.pathname.split('/blobs/');
  response.writeHead(307, { location: `${SIGNED}&blob=/${digest}` }).end();
};
const storage: Answer = (asked, response) =>
  serve({ ...asked, url: new URL(asked.url.searchParams.get('blob') ?? '', asked.url) }, response);
const bearer = { challenge: 'Bearer realm="https://auth.test/token"', wants: `Bearer ${SECRETS.token}` };
const WORLD: Record<string, Answer> = {
  'https://registry-1.docker.io': locked(bearer, signing),
  'https://auth.test': (_asked, response) => response.end(JSON.stringify({ token: SECRETS.token })),
  'https://quay.test': locked({ challenge: 'Basic', wants: `Basic ${QUAY}` }, signing),
  'https://registry.replicated.com': locked({ challenge: 'Basic', wants: `Basic ${LICENSE}` }, signing),
  'https://cdn.test': storage,
};

/** Tells everybody what was sent, as it came and in words of its own. */
const echo =
  (status: number): Answer =>
  ({ url, authorization = 'nothing', body }, response) => {
    response.setHeader('retry-after', '0');
    const refresh = new URLSearchParams(body).get('refresh_token');
    const said = refresh ? `Bearer ${refresh}` : authorization;
    sendError(response, status, 'FAULT', `${wordsOf(said)}, no use for "${said}" at ${url.href}`);
  };
/** The same without the scheme; of Basic, the password. */
const wordsOf = (authorization: string) => {
  const [scheme, value = ''] = authorization.split(' ');
  const [, password = ''] = Buffer.from(value, 'base64').toString().split(':');
  return `the ${scheme === 'Basic' ? `password ${password} of ${value}` : `token ${value}`} is wrong`;
};
/** So many words that they are cut in the middle of the token. */
const longWinded: Answer = ({ authorization = '' }, response) =>
  sendError(response, 403, 'FAULT', `${'x'.repeat(185)} ${authorization.replace('Bearer ', '')}`);
const redirect =
  (location: string): Answer =>
  (_asked, response) => {
    response.writeHead(307, { location }).end();
  };
const flipped: Answer = (_asked, response) => response.end(Buffer.alloc(layer.bytes.length));
/** Begins to send the layer, and stops there. */
const stalling: Answer = (asked, response) => {
  if (!asked.url.search.endsWith(layer.diffId)) return storage(asked, response);
  response.writeHead(200, { 'content-length': layer.bytes.length });
  response.write(layer.bytes.subarray(0, 2_000_000));
};

interface Row {
  readonly title: string;
  readonly hosts?: Record<string, Answer>;
  /** What the proxy answers. */
  readonly refusals?: readonly number[];
  readonly status: number;
  readonly interruptAt?: RegExp;
}

const ROWS: readonly Row[] = [
  { title: 'a build in which all goes well', status: 0 },
  {
    title: 'a registry that gives Basic back',
    hosts: { 'https://quay.test': locked({ challenge: 'Basic', wants: `Basic ${QUAY}` }, echo(403)) },
    status: 3,
  },
  {
    title: 'a registry that gives Bearer back',
    hosts: { 'https://registry-1.docker.io': locked(bearer, echo(403)) },
    status: 3,
  },
  {
    title: 'a registry whose words are cut',
    hosts: { 'https://registry-1.docker.io': locked(bearer, longWinded) },
    status: 3,
  },
  {
    title: 'a token service that gives back what it got',
    hosts: { 'https://auth.test': echo(401) },
    status: 3,
  },
  {
    title: 'a token service whose answer is no JSON',
    hosts: { 'https://auth.test': (_asked, response) => response.end(`"${SECRETS.token}`) },
    status: 3,
  },
  {
    title: 'a registry that is busy for ever, which is tried again',
    hosts: {
      'https://registry.replicated.com': locked({ challenge: 'Basic', wants: `Basic ${LICENSE}` }, echo(503)),
    },
    status: 3,
  },
  { title: 'storage that is busy for ever', hosts: { 'https://cdn.test': echo(503) }, status: 3 },
  { title: 'storage that lacks the blob', hosts: { 'https://cdn.test': echo(404) }, status: 3 },
  { title: 'storage with wrong bytes', hosts: { 'https://cdn.test': flipped }, status: 4 },
  {
    title: 'storage without TLS',
    hosts: { 'https://cdn.test': redirect(SIGNED.replace('https', 'http')) },
    status: 3,
  },
  { title: 'redirects without end', hosts: { 'https://cdn.test': redirect(SIGNED) }, status: 3 },
  {
    title: 'a token service that must not be used',
    hosts: {
      'https://quay.test': locked({ challenge: `Bearer realm="http://a.test/token?token=Kp7"`, wants: '' }),
    },
    status: 3,
  },
  { title: 'a proxy that wants other credentials', refusals: Array(50).fill(407), status: 3 },
  {
    title: 'an interrupt',
    hosts: { 'https://cdn.test': stalling },
    status: 130,
    interruptAt: /blobs,|blob-progress/,
  },
];

describe.skipIf(missing.length > 0)('no secret is seen in', () => {
  const inputs = new Workplace();
  let witness: Witness;
  let ca: string;
  let work: Workplace;

  beforeAll(async () => {
    const hosts = [...Object.keys(WORLD)].map(origin => `DNS:${new URL(origin).host}`);
    const certificates = await makeCertificates(inputs.path, ...hosts);
    ca = certificates.ca;
    witness = await Witness.start(certificates.server);
    const auths = { 'https://index.docker.io/v1/': { identitytoken: SECRETS.identityToken } };
    writeFileSync(inputs.file('config.json'), JSON.stringify({ auths }));
    writeFileSync(
      inputs.file('airgap.yaml'),
      'credentials:\n  quay.test: {username: me, passwordEnv: QUAY_PASSWORD}\n',
    );
  });
  afterAll(async () => {
    await witness[Symbol.asyncDispose]();
    inputs[Symbol.dispose]();
  });
  beforeEach(() => {
    work = new Workplace();
  });
  afterEach(() => work[Symbol.dispose]());

  const proxy = () => `http://me:${SECRETS.proxyPassword}@${witness.host}`;

  function expectNoSecrets(text: string): void {
    for (const trace of TRACES) expect(text).not.toContain(trace);
  }

  /** What is in every file that the build has left. */
  const left = () => work.files().map(file => `${file}\n${readFileSync(work.file(file), 'latin1')}`);

  describe.each(ROWS.map(row => [row.title, row] as const))('%s:', (_title, row) => {
    beforeEach(() => {
      witness.hosts = { ...WORLD, ...row.hosts };
      witness.refusals = row.refusals ?? [];
    });

    it.each(['plain', 'json'])(
      'what the program says with %s progress, and what it leaves',
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
            ...(row.interruptAt ? { interruptAt: row.interruptAt } : {}),
          },
        );
        expectNoSecrets(`${stdout}\n${stderr}`);
        for (const text of left()) expectNoSecrets(text);
        expect(status).toBe(row.status);
      },
    );

    // Only the program hears Ctrl-C.
    if (row.interruptAt !== undefined) return;
    it('what the library tells and throws', async () => {
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
      expect(error === undefined).toBe(row.status === 0);
      expectNoSecrets(inspect([events, error], { depth: 20, showHidden: true }));
    });
  });
});
