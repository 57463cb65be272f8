import dns from 'node:dns';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { AirgapError, build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exitStatus } from '../packages/cli/src/exit-status.ts';
import { Workplace } from './airgap.ts';
import { type Certificates, makeCertificates } from './programs/certificates.ts';
import { missingPrograms } from './programs/program.ts';
import {
  type Act,
  challenge,
  drip,
  flipped,
  image,
  lead,
  part,
  reset,
  type Scene,
  status,
  type Target,
  targetOf,
} from './registry/acts.ts';
import { sendBlob, sendError, TestRegistry } from './registry/registry.ts';
import { type Answer, Witness } from './registry/witness.ts';

const missing = missingPrograms('openssl');
if (missing.length > 0) process.stderr.write(`\nSKIPPED: faults, for want of ${missing.join(', ')}\n`);

const NAME = 'registry.test/team/app:1';
const AUTH = { scheme: 'bearer', username: 'somebody', password: 'a-secret-password' } as const;
/** Silence that is taken for a failure, in ms. */
const TIMEOUT = 1000;

type Outcome =
  | 'whole'
  | { readonly code: AirgapError['code']; readonly status: number; readonly words?: string };
const content: Outcome = { code: 'CONTENT', status: 4 };
const network = { code: 'NETWORK', status: 3 } as const;
/** What fails before anything is asked, and what the error says of it. */
const unreachable = (words: string): Outcome => ({ ...network, words });
const refused: Outcome = { code: 'REGISTRY', status: 3 };
const denied: Outcome = { code: 'DENIED', status: 3 };

interface Row {
  readonly fault: string;
  readonly act: Act;
  /** How often; always when left out. */
  readonly times?: number;
  readonly outcomes: Partial<Record<Target, Outcome>>;
  /** Whether the act names another origin instead of answering. */
  readonly leads?: true;
  /** What the proxy answers the first tunnels; nobody listens there when `down`. */
  readonly proxy?: readonly number[] | 'down';
}

const everywhere = (outcome: Outcome) => ({
  token: outcome,
  manifest: outcome,
  blob: outcome,
  range: outcome,
});
const leadingTo = (origin: string, outcome: Outcome) => ({
  act: lead(() => origin),
  leads: true as const,
  outcomes: everywhere(outcome),
});
const ONCE = { times: 1, outcomes: everywhere('whole') };

/** A host that is reached through the proxy alone. */
const BEHIND = 'https://storage.test';

/** Where the storage is by a name of this build's own, which is not found the first time. */
const hiccup = ({ registry, storage }: Scene) =>
  `http://at-${portOf(registry)}.hiccup.test:${portOf(storage)}`;
const portOf = ({ host }: TestRegistry) => new URL(`http://${host}`).port;

const ROWS: readonly Row[] = [
  { fault: 'reset before the head', act: ({ response }) => reset(response), ...ONCE },
  { fault: 'reset at the first byte', act: part(0, reset), ...ONCE },
  { fault: 'reset in the middle', act: part(0.5, reset), ...ONCE },
  { fault: 'end in the middle', act: part(0.7, response => response.socket?.end()), ...ONCE },
  { fault: 'silence before the head', act: () => {}, ...ONCE },
  { fault: 'silence in the middle', act: part(0.3, () => {}), ...ONCE },
  { fault: '408', act: status(408), ...ONCE },
  { fault: '429', act: status(429), ...ONCE },
  { fault: '429, later in seconds', act: status(429, { 'retry-after': '1' }), ...ONCE },
  {
    fault: '429, later at a date',
    act: scene => status(429, { 'retry-after': new Date(Date.now() + 1500).toUTCString() })(scene),
    ...ONCE,
  },
  { fault: '500', act: status(500), ...ONCE },
  { fault: '502', act: status(502), ...ONCE },
  { fault: '503', act: status(503), ...ONCE },
  { fault: '503, later in seconds', act: status(503, { 'retry-after': '1' }), ...ONCE },
  { fault: '504', act: status(504), ...ONCE },
  {
    fault: '401 in the middle',
    act: ({ response, registry }) => challenge(response, `http://${registry.host}`),
    times: 1,
    outcomes: { token: denied, manifest: denied, blob: 'whole', range: 'whole' },
  },
  {
    fault: 'a redirect to storage',
    act: lead(({ storage }) => `http://${storage.host}`),
    outcomes: { manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: 'a link that has expired',
    act: ({ response, storage }) => {
      response.writeHead(307, { location: `http://${storage.host}/expired` }).end();
    },
    times: 1,
    outcomes: { manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: 'wrong bytes once',
    act: ({ request, response, content: bytes }) => sendBlob(response, flipped(bytes), request.range),
    times: 1,
    outcomes: { token: denied, manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: 'wrong bytes always',
    act: ({ request, response, content: bytes }) => sendBlob(response, flipped(bytes), request.range),
    outcomes: { token: denied, manifest: content, blob: content, range: content },
  },
  {
    fault: 'too few bytes, and a length to match',
    act: ({ response, content: bytes }) => response.end(bytes.subarray(0, bytes.length >> 1)),
    times: 1,
    outcomes: { token: refused, manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: 'too many bytes',
    act: ({ response, content: bytes }) => response.end(Buffer.concat([bytes, Buffer.alloc(10)])),
    times: 1,
    outcomes: { token: refused, manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: '200 to a range',
    act: ({ response, content: bytes }) => response.end(bytes),
    outcomes: { range: 'whole' },
  },
  { fault: '416', act: status(416), times: 1, outcomes: { range: 'whole' } },
  {
    fault: 'another range than was asked for',
    act: ({ response, content: bytes }) => {
      response
        .writeHead(206, { 'content-range': `bytes 7-${bytes.length - 1}/${bytes.length}` })
        .end(bytes.subarray(7));
    },
    outcomes: { range: refused },
  },
  {
    fault: 'a slow drip',
    act: drip,
    ...ONCE,
  },
  { fault: '500 for ever', act: status(500), outcomes: everywhere(refused) },
  { fault: '403', act: status(403), outcomes: everywhere(denied) },
  { fault: 'reset for ever', act: ({ response }) => reset(response), outcomes: everywhere(network) },
  { fault: 'wait for a day', act: status(429, { 'retry-after': '86400' }), outcomes: everywhere(refused) },
  {
    fault: 'a host of no name',
    ...leadingTo('https://nowhere.invalid', unreachable('no host called nowhere.invalid')),
  },
  {
    fault: 'a hiccup of the name service',
    act: lead(hiccup),
    leads: true,
    outcomes: { manifest: 'whole', blob: 'whole', range: 'whole' },
  },
  {
    fault: 'TLS by an authority that nobody knows',
    ...leadingTo('https://untrusted.test', unreachable('unable to verify')),
  },
  {
    fault: 'TLS with a certificate that has expired',
    ...leadingTo('https://expired.test', unreachable('has expired')),
  },
  {
    fault: 'TLS with a certificate for another host',
    ...leadingTo('https://misnamed.test', unreachable("does not match certificate's altnames")),
  },
  {
    fault: 'a proxy that answers 407',
    ...leadingTo(BEHIND, unreachable('answered 407')),
    proxy: Array(100).fill(407),
  },
  {
    fault: 'a proxy that answers 403',
    ...leadingTo(BEHIND, unreachable('answered 403')),
    proxy: Array(100).fill(403),
  },
  { fault: 'a proxy that answers 502 at first', ...leadingTo(BEHIND, 'whole'), proxy: [502] },
  {
    fault: 'a proxy that answers 502',
    ...leadingTo(BEHIND, unreachable('answered 502')),
    proxy: Array(100).fill(502),
  },
  { fault: 'a proxy that is down', ...leadingTo(BEHIND, unreachable('ECONNREFUSED')), proxy: 'down' },
];

describe.skipIf(missing.length > 0)('a build meets', () => {
  const work = new Workplace();
  let storage: TestRegistry;
  let certificates: Certificates;
  let others: Record<string, Certificates['server']>;
  let undisturbed: Buffer;
  let built = 0;

  beforeAll(async () => {
    certificates = await makeCertificates(work.path, 'DNS:storage.test', 'DNS:expired.test');
    mkdirSync(work.file('unknown'));
    const unknown = await makeCertificates(work.file('unknown'), 'DNS:untrusted.test');
    others = { 'untrusted.test': unknown.server, 'expired.test': certificates.expired };
    makeHiccups();
    storage = await TestRegistry.start();
    storage.push('team/app:1', image);
    storage.fault = ({ path }, response) => {
      if (path === '/expired') sendError(response, 403, 'DENIED', 'the link has expired');
      return path === '/expired';
    };
    await using registry = await start();
    undisturbed = readFileSync(await run(registry));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await storage[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  async function start(): Promise<TestRegistry> {
    const registry = await TestRegistry.start({ auth: AUTH });
    registry.push('team/app:1', image);
    return registry;
  }

  /** Fails to find some names the first time, as name servers do when they are busy. */
  function makeHiccups(): void {
    const { lookup } = dns;
    const met = new Set<string>();
    const mayFail = (host: string, options: dns.LookupOptions, callback: (error: Error | null) => void) => {
      if (!host.endsWith('.hiccup.test')) return lookup(host, options, callback);
      if (met.has(host)) return lookup('127.0.0.1', options, callback);
      met.add(host);
      callback(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN' }));
    };
    vi.spyOn(dns, 'lookup').mockImplementation(mayFail as typeof dns.lookup);
  }

  /** Has what the registry has, and tokens for it. */
  function twinOf(registry: TestRegistry): Answer {
    return ({ url, range }, response) => {
      const blob = image.blobs.get(url.pathname.split('/').at(-1) ?? '');
      if (url.pathname === '/token') return response.end(JSON.stringify({ token: registry.token }));
      if (blob) return sendBlob(response, blob, range);
      response.writeHead(200, { 'content-type': image.mediaType }).end(image.bytes);
    };
  }

  /** The proxy to hosts that are elsewhere. */
  async function startProxy(registry: TestRegistry, { proxy = [] }: Row): Promise<Witness> {
    const witness = await Witness.start(certificates.server, others);
    witness.hosts = { [BEHIND]: twinOf(registry) };
    witness.refusals = proxy === 'down' ? [] : proxy;
    return witness;
  }

  async function run(registry: TestRegistry, proxy?: string): Promise<string> {
    built += 1;
    const output = work.file(`bundle-${built}.tar`);
    const config = work.file(`config-${built}.json`);
    const auth = Buffer.from(`${AUTH.username}:${AUTH.password}`).toString('base64');
    writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    await build({
      specs: [{ file: 'list.txt', text: NAME }],
      output,
      mirrors: { 'registry.test': `http://${registry.host}` },
      credentialFiles: [config],
      timeout: TIMEOUT,
      ca: [{ pem: readFileSync(certificates.ca, 'utf8') }],
      proxy: { https: proxy, no: 'nowhere.invalid,registry.test' },
    });
    return output;
  }

  /** Makes the first so many requests for a target go wrong. */
  function inject(
    registry: TestRegistry,
    { act, times = Number.POSITIVE_INFINITY, leads }: Row,
    target: Target,
  ): () => number {
    let done = 0;
    const token = Buffer.from(JSON.stringify({ token: registry.token }));
    registry.fault = (request, response, bytes = token) => {
      // To another token service leads the challenge before it.
      const now = leads && target === 'token' ? 'manifest' : target;
      const isOpen = now !== 'token' && !request.authorization;
      if (targetOf(request) !== now || done >= times || isOpen !== (now !== target)) return false;
      done += 1;
      act({ request, response, content: bytes, registry, storage, target });
      return true;
    };
    return () => done;
  }

  const cases = ROWS.flatMap(row =>
    Object.entries(row.outcomes).map(([target, outcome]) => ({
      row,
      target: target as Target,
      outcome,
      title: `${row.fault}${row.times || row.leads ? '' : ' each time'}, at a ${target}: ${outcome === 'whole' ? 'the same bundle' : outcome.code}`,
    })),
  );

  it.concurrent.each(cases.map(one => [one.title, one] as const))('%s', async (_title, one) => {
    const { row, target, outcome } = one;
    await using registry = await start();
    await using proxy = await startProxy(registry, row);
    const met = inject(registry, row, target);
    const address = row.proxy === 'down' ? '127.0.0.1:1' : proxy.host;
    if (outcome === 'whole') {
      expect(readFileSync(await run(registry, address)).equals(undisturbed)).toBe(true);
    } else {
      const error = await run(registry, address).then(
        () => undefined,
        thrown => thrown,
      );
      expect(error).toBeInstanceOf(AirgapError);
      expect(error).toMatchObject({ code: outcome.code });
      expect(error.message).toContain(outcome.words ?? '');
      expect(exitStatus(error)).toBe(outcome.status);
      expect(error.hint).toBeTruthy();
      expect(JSON.stringify([error.message, error.hint, error.where])).not.toContain(AUTH.password);
    }
    expect(met()).toBeGreaterThan(0);
  });
});
