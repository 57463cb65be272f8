import type { ServerResponse } from 'node:http';
import { imageOf, noiseOf } from '../images/image.ts';
import { type Seen, sendError, type TestRegistry } from './registry.ts';

export const small = noiseOf(1, 3_000_000);
/** Large enough to come in pieces. */
export const large = noiseOf(2, 40_000_000);
export const image = imageOf({ layers: [small, large], compression: 'none' });

/** What a request is for. */
export type Target = 'token' | 'manifest' | 'blob' | 'range';

export function targetOf({ path, range }: Seen): Target | undefined {
  if (path === '/token') return 'token';
  if (path.includes('/manifests/')) return 'manifest';
  if (path.endsWith(small.diffId)) return 'blob';
  return path.endsWith(large.diffId) && range !== undefined ? 'range' : undefined;
}

export interface Scene {
  readonly request: Seen;
  readonly response: ServerResponse;
  readonly content: Buffer;
  readonly registry: TestRegistry;
  /** What the request is for. */
  readonly target: Target;
  /** Another origin, where the registry's content is as well. */
  readonly storage: TestRegistry;
}

/** What happens instead of the answer. */
export type Act = (scene: Scene) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): Act =>
  ({ response }) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendError(response, code, 'FAULT', 'not now');
  };
/** Announces the whole answer. @returns its body */
function begin({ request, response, content }: Scene): Buffer {
  const [, from = 0, to = content.length - 1] = (/^bytes=(\d+)-(\d+)$/.exec(request.range ?? '') ?? []).map(
    Number,
  );
  const body = content.subarray(from, to + 1);
  const range = { 'content-range': `bytes ${from}-${to}/${content.length}` };
  response.writeHead(request.range ? 206 : 200, {
    'content-length': body.length,
    ...(request.range ? range : {}),
  });
  return body;
}

/** Sends the first `share` of the answer. */
export const part =
  (share: number, then: (response: ServerResponse) => void): Act =>
  scene => {
    const body = begin(scene);
    scene.response.write(body.subarray(0, Math.floor(body.length * share)), () => then(scene.response));
  };

/** Sends the answer little by little. */
export const drip: Act = scene => {
  const body = begin(scene);
  let at = 0;
  const step = Math.ceil(body.length / 40);
  const timer = setInterval(() => {
    scene.response.write(body.subarray(at, at + step));
    at += step;
    if (at < body.length) return;
    clearInterval(timer);
    scene.response.end();
  }, 50);
};

/** Names another origin: as the token service, or as where the content is. */
export const lead =
  (to: (scene: Scene) => string): Act =>
  scene => {
    const { request, response, target } = scene;
    if (target === 'token') return challenge(response, to(scene));
    response.writeHead(307, { location: to(scene) + request.path }).end();
  };

/** Refuses the token, and says where there are others. */
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
