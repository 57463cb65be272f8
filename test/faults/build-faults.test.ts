import dns from 'node:dns';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { AirgapError, build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exitStatus } from '../../packages/cli/src/exit-status.ts';
import { type Handler, TestRegistry } from '../registry/registry.ts';
import { sendBlob, sendError } from '../registry/response.ts';
import { TempDir } from '../support/airgap.ts';
import { type Certificates, makeCertificates } from '../support/programs/certificates.ts';
import { lacks } from '../support/programs/program.ts';
import {
  challenge,
  type FaultAction,
  type FaultContext,
  flipped,
  image,
  pointTo,
  type RequestKind,
  requestKind,
  reset,
  sendPart,
  slowSend,
  status,
} from './actions.ts';

const withoutTls = lacks('faults behind TLS', 'openssl');

const NAME = 'registry.test/team/app:1';
const AUTH = { scheme: 'bearer', username: 'me', password: 'a-secret-password' } as const;
/** The idle timeout, in ms. */
const TIMEOUT = 1000;

type Outcome =
  | 'same bundle'
  | { readonly code: AirgapError['code']; readonly status: number; readonly words?: string };
const content: Outcome = { code: 'CONTENT', status: 4 };
const network = { code: 'NETWORK', status: 3 } as const;
/** Fails before a request is sent; the message contains `words`. */
const unreachable = (words: string): Outcome => ({ ...network, words });
const registryError: Outcome = { code: 'REGISTRY', status: 3 };
const denied: Outcome = { code: 'DENIED', status: 2 };

interface FaultCase {
  readonly fault: string;
  readonly act: FaultAction;
  /** How many requests fail; all when omitted. */
  readonly times?: number;
  readonly outcomes: Partial<Record<RequestKind, Outcome>>;
  /** Whether the fault points to another origin. */
  readonly pointsElsewhere?: true;
  /** The status of the first CONNECT requests; `down` for a proxy that does not listen. */
  readonly proxy?: readonly number[] | 'down';
}

const everywhere = (outcome: Outcome) => ({
  token: outcome,
  manifest: outcome,
  blob: outcome,
  range: outcome,
});
const pointingTo = (origin: string, outcome: Outcome) => ({
  act: pointTo(() => origin),
  pointsElsewhere: true as const,
  outcomes: everywhere(outcome),
});
const ONCE = { times: 1, outcomes: everywhere('same bundle') };

/** A host that is reachable only through the proxy. */
const BEHIND_PROXY = 'https://storage.test';

/** The storage under a host name whose first DNS lookup fails. */
const flakyHost = ({ registry, storage }: FaultContext) =>
  `http://at-${portOf(registry)}.flaky.test:${portOf(storage)}`;
const portOf = ({ host }: TestRegistry) => new URL(`http://${host}`).port;

const CASES: readonly FaultCase[] = [
  { fault: 'reset before the head', act: ({ response }) => reset(response), ...ONCE },
  { fault: 'reset at the first byte', act: sendPart(0, reset), ...ONCE },
  { fault: 'reset in the middle', act: sendPart(0.5, reset), ...ONCE },
  { fault: 'end in the middle', act: sendPart(0.7, response => response.socket?.end()), ...ONCE },
  { fault: 'no response', act: () => {}, ...ONCE },
  { fault: 'a stall in the middle', act: sendPart(0.3, () => {}), ...ONCE },
  { fault: '408', act: status(408), ...ONCE },
  { fault: '429', act: status(429), ...ONCE },
  { fault: '429 with Retry-After in seconds', act: status(429, { 'retry-after': '1' }), ...ONCE },
  {
    fault: '429 with Retry-After as a date',
    act: context => status(429, { 'retry-after': new Date(Date.now() + 1500).toUTCString() })(context),
    ...ONCE,
  },
  { fault: '500', act: status(500), ...ONCE },
  { fault: '502', act: status(502), ...ONCE },
  { fault: '503', act: status(503), ...ONCE },
  { fault: '503 with Retry-After in seconds', act: status(503, { 'retry-after': '1' }), ...ONCE },
  { fault: '504', act: status(504), ...ONCE },
  {
    fault: '401 in the middle',
    act: ({ response, registry }) => challenge(response, `http://${registry.host}`),
    times: 1,
    outcomes: { token: denied, manifest: denied, blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'a redirect to storage',
    act: pointTo(({ storage }) => `http://${storage.host}`),
    outcomes: { manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'an expired link',
    act: ({ response, storage }) => {
      response.writeHead(307, { location: `http://${storage.host}/expired` }).end();
    },
    times: 1,
    outcomes: { manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'wrong bytes once',
    act: ({ request, response, content: bytes }) => sendBlob(response, flipped(bytes), request.range),
    times: 1,
    outcomes: { token: denied, manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'wrong bytes',
    act: ({ request, response, content: bytes }) => sendBlob(response, flipped(bytes), request.range),
    outcomes: { token: denied, manifest: content, blob: content, range: content },
  },
  {
    fault: 'too few bytes with a matching content-length',
    act: ({ response, content: bytes }) => response.end(bytes.subarray(0, bytes.length >> 1)),
    times: 1,
    outcomes: { token: registryError, manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'too many bytes',
    act: ({ response, content: bytes }) => response.end(Buffer.concat([bytes, Buffer.alloc(10)])),
    times: 1,
    outcomes: { token: registryError, manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: '200 to a range',
    act: ({ response, content: bytes }) => response.end(bytes),
    outcomes: { range: 'same bundle' },
  },
  { fault: '416', act: status(416), times: 1, outcomes: { range: 'same bundle' } },
  {
    fault: 'a range that was not requested',
    act: ({ response, content: bytes }) => {
      response
        .writeHead(206, { 'content-range': `bytes 7-${bytes.length - 1}/${bytes.length}` })
        .end(bytes.subarray(7));
    },
    outcomes: { range: registryError },
  },
  {
    fault: 'a slow response',
    act: slowSend,
    ...ONCE,
  },
  { fault: '500', act: status(500), outcomes: everywhere(registryError) },
  { fault: '403', act: status(403), outcomes: everywhere(denied) },
  { fault: 'reset before the head', act: ({ response }) => reset(response), outcomes: everywhere(network) },
  {
    fault: '429 with Retry-After of one day',
    act: status(429, { 'retry-after': '86400' }),
    outcomes: everywhere(registryError),
  },
  {
    fault: 'an unknown host',
    ...pointingTo('https://nowhere.invalid', unreachable('host not found: nowhere.invalid')),
  },
  {
    fault: 'a temporary DNS failure',
    act: pointTo(flakyHost),
    pointsElsewhere: true,
    outcomes: { manifest: 'same bundle', blob: 'same bundle', range: 'same bundle' },
  },
  {
    fault: 'a TLS certificate of an unknown authority',
    ...pointingTo('https://untrusted.test', unreachable('unable to verify')),
  },
  {
    fault: 'an expired TLS certificate',
    ...pointingTo('https://expired.test', unreachable('has expired')),
  },
  {
    fault: 'a TLS certificate for another host',
    ...pointingTo('https://misnamed.test', unreachable("does not match certificate's altnames")),
  },
  {
    fault: 'a proxy that answers 407',
    ...pointingTo(BEHIND_PROXY, unreachable('answered 407')),
    proxy: Array(100).fill(407),
  },
  {
    fault: 'a proxy that answers 403',
    ...pointingTo(BEHIND_PROXY, unreachable('answered 403')),
    proxy: Array(100).fill(403),
  },
  { fault: 'a proxy that answers 502 at first', ...pointingTo(BEHIND_PROXY, 'same bundle'), proxy: [502] },
  {
    fault: 'a proxy that answers 502',
    ...pointingTo(BEHIND_PROXY, unreachable('answered 502')),
    proxy: Array(100).fill(502),
  },
  { fault: 'a proxy that is down', ...pointingTo(BEHIND_PROXY, unreachable('ECONNREFUSED')), proxy: 'down' },
];

describe('a build with a fault:', () => {
  const work = new TempDir();
  let storage: TestRegistry;
  let certificates: Certificates | undefined;
  let others: Record<string, Certificates['server']> = {};
  let expected: Buffer;
  let built = 0;

  beforeAll(async () => {
    if (!withoutTls) await createCertificates();
    failFirstLookups();
    storage = await TestRegistry.start();
    storage.push('team/app:1', image);
    storage.fault = ({ path }, response) => {
      if (path === '/expired') sendError(response, 403, 'DENIED', 'the link has expired');
      return path === '/expired';
    };
    await using registry = await start();
    expected = readFileSync(await run(registry));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await storage[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  async function createCertificates(): Promise<void> {
    certificates = await makeCertificates(work.path, 'DNS:storage.test', 'DNS:expired.test');
    mkdirSync(work.file('unknown'));
    const unknown = await makeCertificates(work.file('unknown'), 'DNS:untrusted.test');
    others = { 'untrusted.test': unknown.server, 'expired.test': certificates.expired };
  }

  async function start(): Promise<TestRegistry> {
    const registry = await TestRegistry.start({ auth: AUTH });
    registry.push('team/app:1', image);
    return registry;
  }

  /** Makes the first lookup of each `*.flaky.test` name fail, as a busy name server does. */
  function failFirstLookups(): void {
    const { lookup } = dns;
    const failed = new Set<string>();
    const mayFail = (host: string, options: dns.LookupOptions, callback: (error: Error | null) => void) => {
      if (!host.endsWith('.flaky.test')) return lookup(host, options, callback);
      if (failed.has(host)) return lookup('127.0.0.1', options, callback);
      failed.add(host);
      callback(Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN' }));
    };
    vi.spyOn(dns, 'lookup').mockImplementation(mayFail as typeof dns.lookup);
  }

  /** Serves the image and the tokens of the registry. */
  function twinOf(registry: TestRegistry): Handler {
    return ({ url, range }, response) => {
      const blob = image.blobs.get(url.pathname.split('/').at(-1) ?? '');
      if (url.pathname === '/token') return response.end(JSON.stringify({ token: registry.token }));
      if (blob) return sendBlob(response, blob, range);
      response.writeHead(200, { 'content-type': image.mediaType }).end(image.bytes);
    };
  }

  /** Starts the proxy for the hosts that the registry points to. */
  async function startProxy(registry: TestRegistry, { proxy = [] }: FaultCase): Promise<TestRegistry> {
    const server = await TestRegistry.start(
      certificates && { tls: { certificate: certificates.server, others } },
    );
    server.hosts = { [BEHIND_PROXY]: twinOf(registry) };
    server.refusals = proxy === 'down' ? [] : proxy;
    return server;
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
      ca: certificates ? [{ pem: readFileSync(certificates.ca, 'utf8') }] : [],
      proxy: { https: proxy, no: 'nowhere.invalid,registry.test' },
    });
    return output;
  }

  /** Makes the first `times` requests of a kind fail. @returns how many have failed so far */
  function inject(
    registry: TestRegistry,
    { act, times = Number.POSITIVE_INFINITY, pointsElsewhere }: FaultCase,
    kind: RequestKind,
  ): () => number {
    let done = 0;
    const token = Buffer.from(JSON.stringify({ token: registry.token }));
    registry.fault = (request, response, bytes = token) => {
      // The challenge of a manifest request names the token service.
      const faulty = pointsElsewhere && kind === 'token' ? 'manifest' : kind;
      const isAnonymous = faulty !== 'token' && !request.authorization;
      if (requestKind(request) !== faulty || done >= times || isAnonymous !== (faulty !== kind)) return false;
      done += 1;
      act({ request, response, content: bytes, registry, storage, kind });
      return true;
    };
    return () => done;
  }

  const cases = CASES.flatMap(fault =>
    Object.entries(fault.outcomes).map(([kind, outcome]) => ({
      fault,
      kind: kind as RequestKind,
      outcome,
      title: `${fault.fault}${fault.times || fault.pointsElsewhere ? '' : ' each time'}, at a ${kind}: ${outcome === 'same bundle' ? outcome : outcome.code}`,
    })),
  );

  const needsTls = ({ fault }: (typeof cases)[number]) => fault.pointsElsewhere === true;
  describe.skipIf(withoutTls)('at another host', () => {
    it.concurrent.each(rows(cases.filter(needsTls)))('%s', check);
  });
  it.concurrent.each(rows(cases.filter(entry => !needsTls(entry))))('%s', check);

  function rows(entries: typeof cases) {
    return entries.map(entry => [entry.title, entry] as const);
  }

  async function check(_title: string, entry: (typeof cases)[number]): Promise<void> {
    const { fault, kind, outcome } = entry;
    await using registry = await start();
    await using proxy = await startProxy(registry, fault);
    const failedRequests = inject(registry, fault, kind);
    const address = fault.proxy === 'down' ? '127.0.0.1:1' : proxy.host;
    if (outcome === 'same bundle') {
      expect(readFileSync(await run(registry, address)).equals(expected)).toBe(true);
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
    expect(failedRequests()).toBeGreaterThan(0);
  }
});
