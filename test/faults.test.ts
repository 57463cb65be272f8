import { readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { AirgapError, build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitStatus } from '../packages/cli/src/exit-status.ts';
import { Workplace } from './airgap.ts';
import { imageOf, noiseOf } from './images/image.ts';
import { type Seen, sendBlob, sendError, TestRegistry } from './registry/registry.ts';

const NAME = 'registry.test/team/app:1';
const AUTH = { scheme: 'bearer', username: 'somebody', password: 'a-secret-password' } as const;
/** Silence that is taken for a failure, in ms. */
const TIMEOUT = 1000;

const small = noiseOf(1, 3_000_000);
/** Large enough to come in pieces. */
const large = noiseOf(2, 40_000_000);
const image = imageOf({ layers: [small, large], compression: 'none' });

/** What a request is for. */
type Target = 'token' | 'manifest' | 'blob' | 'range';

function targetOf({ path, range }: Seen): Target | undefined {
  if (path === '/token') return 'token';
  if (path.includes('/manifests/')) return 'manifest';
  if (path.endsWith(small.diffId)) return 'blob';
  return path.endsWith(large.diffId) && range !== undefined ? 'range' : undefined;
}

interface Scene {
  readonly request: Seen;
  readonly response: ServerResponse;
  readonly content: Buffer;
  readonly registry: TestRegistry;
  /** Another origin, where the registry's content is as well, and its address. */
  readonly storage: TestRegistry;
}

/** What happens instead of the answer. */
type Act = (scene: Scene) => void;

const status =
  (code: number, headers: Record<string, string> = {}): Act =>
  ({ response }) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendError(response, code, 'FAULT', 'not now');
  };
/** Announces the whole answer and sends the first `share` of it. */
const part =
  (share: number, then: (response: ServerResponse) => void): Act =>
  ({ request, response, content }) => {
    const [, from = 0, to = content.length - 1] = (/^bytes=(\d+)-(\d+)$/.exec(request.range ?? '') ?? []).map(
      Number,
    );
    const body = content.subarray(from, to + 1);
    const range = { 'content-range': `bytes ${from}-${to}/${content.length}` };
    response.writeHead(request.range ? 206 : 200, {
      'content-length': body.length,
      ...(request.range ? range : {}),
    });
    response.write(body.subarray(0, Math.floor(body.length * share)), () => then(response));
  };
const reset = (response: ServerResponse) => response.socket?.resetAndDestroy();
const flipped = (content: Buffer) => {
  const copy = Buffer.from(content);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
};

type Outcome = 'whole' | { readonly code: AirgapError['code']; readonly status: number };
const content: Outcome = { code: 'CONTENT', status: 4 };
const network: Outcome = { code: 'NETWORK', status: 3 };
const refused: Outcome = { code: 'REGISTRY', status: 3 };
const denied: Outcome = { code: 'DENIED', status: 3 };

interface Row {
  readonly fault: string;
  readonly act: Act;
  /** How often; always when left out. */
  readonly times?: number;
  readonly outcomes: Partial<Record<Target, Outcome>>;
}

const everywhere = (outcome: Outcome) => ({
  token: outcome,
  manifest: outcome,
  blob: outcome,
  range: outcome,
});
const ONCE = { times: 1, outcomes: everywhere('whole') };

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
    act: ({ response, registry }) => {
      response.setHeader('www-authenticate', `Bearer realm="http://${registry.host}/token",service="test"`);
      sendError(response, 401, 'UNAUTHORIZED', 'the token is too old');
    },
    times: 1,
    outcomes: { token: denied, manifest: denied, blob: 'whole', range: 'whole' },
  },
  {
    fault: 'a redirect to storage',
    act: ({ request, response, storage }) => {
      response.writeHead(307, { location: `http://${storage.host}${request.path}` }).end();
    },
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
    act: ({ request, response, content: bytes }) => {
      const [, from = 0, to = bytes.length - 1] = (/^bytes=(\d+)-(\d+)$/.exec(request.range ?? '') ?? []).map(
        Number,
      );
      const range = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
      response.writeHead(request.range ? 206 : 200, {
        'content-length': to + 1 - from,
        ...(request.range ? range : {}),
      });
      const body = bytes.subarray(from, to + 1);
      let at = 0;
      const step = Math.ceil(body.length / 40);
      const timer = setInterval(() => {
        response.write(body.subarray(at, at + step));
        at += step;
        if (at < body.length) return;
        clearInterval(timer);
        response.end();
      }, 50);
    },
    ...ONCE,
  },
  { fault: '500 for ever', act: status(500), outcomes: everywhere(refused) },
  { fault: '403', act: status(403), outcomes: everywhere(denied) },
  { fault: 'reset for ever', act: ({ response }) => reset(response), outcomes: everywhere(network) },
  { fault: 'wait for a day', act: status(429, { 'retry-after': '86400' }), outcomes: everywhere(refused) },
];

describe('a build meets', () => {
  const work = new Workplace();
  let storage: TestRegistry;
  let undisturbed: Buffer;
  let built = 0;

  beforeAll(async () => {
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
    await storage[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  async function start(): Promise<TestRegistry> {
    const registry = await TestRegistry.start({ auth: AUTH });
    registry.push('team/app:1', image);
    return registry;
  }

  async function run(registry: TestRegistry): Promise<string> {
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
    });
    return output;
  }

  /** Makes the first so many requests for a target go wrong. */
  function inject(
    registry: TestRegistry,
    { act, times = Number.POSITIVE_INFINITY }: Row,
    target: Target,
  ): () => number {
    let done = 0;
    const token = Buffer.from(JSON.stringify({ token: registry.token }));
    registry.fault = (request, response, bytes = token) => {
      if (targetOf(request) !== target || done >= times || (target !== 'token' && !request.authorization))
        return false;
      done += 1;
      act({ request, response, content: bytes, registry, storage });
      return true;
    };
    return () => done;
  }

  const cases = ROWS.flatMap(row =>
    Object.entries(row.outcomes).map(([target, outcome]) => ({
      row,
      target: target as Target,
      outcome,
      title: `${row.fault}${row.times ? '' : ' each time'}, at a ${target}: ${outcome === 'whole' ? 'the same bundle' : outcome.code}`,
    })),
  );

  it.concurrent.each(cases)('$title', async ({ row, target, outcome }) => {
    await using registry = await start();
    const met = inject(registry, row, target);
    if (outcome === 'whole') {
      expect(readFileSync(await run(registry)).equals(undisturbed)).toBe(true);
    } else {
      const error = await run(registry).then(
        () => undefined,
        thrown => thrown,
      );
      expect(error).toBeInstanceOf(AirgapError);
      expect(error).toMatchObject({ code: outcome.code });
      expect(exitStatus(error)).toBe(outcome.status);
      expect(error.hint).toBeTruthy();
      expect(JSON.stringify([error.message, error.hint, error.where])).not.toContain(AUTH.password);
    }
    expect(met()).toBeGreaterThan(0);
  });
});
