import type { ServerResponse } from 'node:http';
import type { TestRegistry } from '../registry/registry.ts';
import type { RegistryRequest } from '../registry/request.ts';
import { sendError } from '../registry/response.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

export const small = noiseOf(1, 3_000_000);
/** Just large enough to be downloaded in several ranges. */
export const large = noiseOf(2, 2 * 16 * 1024 ** 2 + 1000);
export const image = imageOf({ layers: [small, large], compression: 'none' });

/** What a request asks for. */
export type RequestKind = 'token' | 'manifest' | 'blob' | 'range';

export function requestKind({ path, range }: RegistryRequest): RequestKind | undefined {
  if (path === '/token') return 'token';
  if (path.includes('/manifests/')) return 'manifest';
  if (path.endsWith(small.diffId)) return 'blob';
  return path.endsWith(large.diffId) && range !== undefined ? 'range' : undefined;
}

export interface FaultContext {
  readonly request: RegistryRequest;
  readonly response: ServerResponse;
  readonly content: Buffer;
  readonly registry: TestRegistry;
  readonly kind: RequestKind;
  /** Another origin that has the same content. */
  readonly storage: TestRegistry;
}

/** Replaces the response of the registry. */
export type FaultAction = (context: FaultContext) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): FaultAction =>
  ({ response }) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendError(response, code, 'FAULT', 'not now');
  };
/** Sends the head of the complete response. @returns its body */
function sendHead({ request, response, content }: FaultContext): Buffer {
  const range = /^bytes=(?<first>\d+)-(?<last>\d+)$/.exec(request.range ?? '')?.groups;
  if (range === undefined) {
    response.writeHead(200, { 'content-length': content.length });
    return content;
  }
  const first = Number(range.first);
  const last = Number(range.last);
  const body = content.subarray(first, last + 1);
  response.writeHead(206, {
    'content-length': body.length,
    'content-range': `bytes ${first}-${last}/${content.length}`,
  });
  return body;
}

/** Sends the first part of the response. @param fraction between 0 and 1 */
export const sendPart =
  (fraction: number, then: (response: ServerResponse) => void): FaultAction =>
  context => {
    const body = sendHead(context);
    context.response.write(body.subarray(0, Math.floor(body.length * fraction)), () =>
      then(context.response),
    );
  };

/** Sends the response in 40 small writes, 50 ms apart. */
export const slowSend: FaultAction = context => {
  const body = sendHead(context);
  let at = 0;
  const step = Math.ceil(body.length / 40);
  const timer = setInterval(() => {
    context.response.write(body.subarray(at, at + step));
    at += step;
    if (at < body.length) return;
    clearInterval(timer);
    context.response.end();
  }, 50);
};

/** Points to another origin: as the token service in a challenge, or with a redirect. */
export const pointTo =
  (to: (context: FaultContext) => string): FaultAction =>
  context => {
    const { request, response, kind } = context;
    if (kind === 'token') return challenge(response, to(context));
    response.writeHead(307, { location: to(context) + request.path }).end();
  };

/** Rejects the token and names the token service. */
export function challenge(response: ServerResponse, origin: string): void {
  response.setHeader('www-authenticate', `Bearer realm="${origin}/token",service="test"`);
  sendError(response, 401, 'UNAUTHORIZED', 'the token is too old');
}

export const reset = (response: ServerResponse) => response.socket?.resetAndDestroy();
export const flipped = (content: Buffer) => {
  const copy = Buffer.from(content);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
};
