import type { IncomingMessage } from 'node:http';
import { isRepository } from '../reference/reference.ts';
import type { ApiRequest, RepositoryRequest } from './api-request.ts';
import { blobs } from './blobs.ts';
import { catalog } from './catalog.ts';
import { errorResponse } from './error-response.ts';
import { type HttpResponse, json } from './http-response.ts';
import { manifests } from './manifests.ts';
import { referrers } from './referrers.ts';
import type { Repositories } from './repositories.ts';
import { tags } from './tags.ts';

type Endpoint = (request: RepositoryRequest) => HttpResponse;

const REPOSITORY_ENDPOINTS: readonly (readonly [path: RegExp, endpoint: Endpoint])[] = [
  [/^\/v2\/(?<name>.+)\/manifests\/(?<reference>[^/]+)$/, manifests],
  [/^\/v2\/(?<name>.+)\/blobs\/(?<reference>[^/]+)$/, blobs],
  [/^\/v2\/(?<name>.+)\/referrers\/(?<reference>[^/]+)$/, referrers],
  [/^\/v2\/(?<name>.+)\/tags\/list$/, tags],
];

/** Routes a request to its endpoint; the caller has checked authentication. */
export function route(
  { method = '', url = '', headers }: IncomingMessage,
  repositories: Repositories,
): HttpResponse {
  if (method !== 'GET' && method !== 'HEAD')
    return errorResponse('UNSUPPORTED', 'this registry is read-only', { Allow: 'GET, HEAD' });
  const target = splitTarget(url);
  const path = decode(target.path);
  if (path === undefined) return errorResponse('NAME_INVALID', 'invalid percent-encoding in the path');
  const request: ApiRequest = { method, headers, query: new URLSearchParams(target.query), repositories };
  if (path === '/v2' || path === '/v2/') return json({});
  if (path === '/v2/_catalog') return catalog(request);
  return routeInRepository(path, request);
}

function routeInRepository(path: string, request: ApiRequest): HttpResponse {
  for (const [pattern, endpoint] of REPOSITORY_ENDPOINTS) {
    const groups = pattern.exec(path)?.groups;
    if (groups === undefined) continue;
    const { name = '', reference = '' } = groups;
    if (!isRepository(name)) return errorResponse('NAME_INVALID', 'invalid repository name');
    const matches = request.repositories.find(name, request.query.get('ns') ?? undefined);
    if (matches.length === 0)
      return errorResponse('NAME_UNKNOWN', `repository name not known to registry: ${name}`);
    return endpoint({ ...request, name, matches, reference });
  }
  return errorResponse('UNSUPPORTED', 'no endpoint at this path', {}, 404);
}

/**
 * Splits a request target into path and query; the absolute form (RFC 9112, section 3.2.2) is accepted for any host.
 */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const originForm = target.replace(/^https?:\/\/[^/?]+/i, '');
  const queryStart = originForm.indexOf('?');
  if (queryStart < 0) return { path: originForm, query: '' };
  return { path: originForm.slice(0, queryStart), query: originForm.slice(queryStart + 1) };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
