import type { HttpBody, HttpRequest } from '../http/round-trip.ts';
import type { Access } from './auth/authorizer.ts';
import type { Endpoint } from './endpoint.ts';

/** A request to the registry's API, below `/v2/`. */
export interface ApiRequest {
  readonly method: HttpRequest['method'];
  /** Empty for the base of the API. */
  readonly repository: string;
  /** The path below the repository, for example `blobs/sha256:…`; or a URL from a response of the registry. */
  readonly path: string | URL;
  readonly headers?: Record<string, string>;
  /** Creates the body for each attempt. */
  readonly body?: (() => HttpBody) | undefined;
  /** Whether the request needs write access to the repository. */
  readonly push?: boolean;
  /** Another repository that the request needs read access to. */
  readonly from?: string | undefined;
}

/** Returns the URL of a request. @param origin that of the registry */
export function urlOf({ path, repository }: ApiRequest, endpoint: Endpoint, origin: URL): URL {
  if (path instanceof URL) return path;
  if (repository === '') return new URL('/v2/', origin);
  return new URL(`/v2/${prefixed(repository, endpoint)}/${path}`, origin);
}

/** Returns what a request may access. */
export function accessOf(request: ApiRequest, endpoint: Endpoint): Access {
  const repository = request.repository && prefixed(request.repository, endpoint);
  return { host: endpoint.host, repository, scope: scopeOf(request, endpoint) };
}

/** Returns the token scope for a request (distribution, "Token Scope"). */
function scopeOf({ repository, push, from }: ApiRequest, endpoint: Endpoint): string {
  if (repository === '') return '';
  const scope = `repository:${prefixed(repository, endpoint)}:${push ? 'pull,push' : 'pull'}`;
  return from === undefined ? scope : `${scope} repository:${prefixed(from, endpoint)}:pull`;
}

function prefixed(repository: string, { prefix }: Endpoint): string {
  return prefix ? `${prefix}/${repository}` : repository;
}

/** Whether the request or the response has the bytes of a blob, which may take hours. */
export function isTransfer({ method, path, body }: ApiRequest): boolean {
  if (path instanceof URL) return body !== undefined;
  return method === 'GET' && path.startsWith('blobs/');
}
