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

type Endpoint = (asked: RepositoryRequest) => HttpResponse;

const IN_REPOSITORY: readonly (readonly [path: RegExp, endpoint: Endpoint])[] = [
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, manifests],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, blobs],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, referrers],
  [/^\/v2\/(.+)\/tags\/list$/, tags],
];

/** Answers a request, whoever it is from. */
export function route(
  { method = '', url = '', headers }: IncomingMessage,
  repositories: Repositories,
): HttpResponse {
  if (method !== 'GET' && method !== 'HEAD')
    return errorResponse('UNSUPPORTED', 'this registry is read-only', { Allow: 'GET, HEAD' });
  const [encoded = '', query] = splitTarget(url);
  const path = decode(encoded);
  if (path === undefined) return errorResponse('NAME_INVALID', 'the path is not percent-encoded UTF-8');
  const asked: ApiRequest = { method, headers, query: new URLSearchParams(query), repositories };
  if (path === '/v2' || path === '/v2/') return json({});
  if (path === '/v2/_catalog') return catalog(asked);
  return routeInRepository(path, asked);
}

function routeInRepository(path: string, asked: ApiRequest): HttpResponse {
  for (const [pattern, endpoint] of IN_REPOSITORY) {
    const [, name, reference = ''] = pattern.exec(path) ?? [];
    if (name === undefined) continue;
    if (!isRepository(name)) return errorResponse('NAME_INVALID', 'this is not the name of a repository');
    const found = asked.repositories.find(name, asked.query.get('ns') ?? undefined);
    if (found.length === 0) return errorResponse('NAME_UNKNOWN', `no bundle has a repository ${name}`);
    return endpoint({ ...asked, name, found, reference });
  }
  return errorResponse('UNSUPPORTED', 'a registry has nothing at this path', {}, 404);
}

/** The absolute form of a target is as good as its path (RFC 9112, section 3.2.2): whatever it is called, it is here. */
function splitTarget(target: string): [path: string, query?: string] {
  const own = target.replace(/^https?:\/\/[^/?]+/i, '');
  const at = own.indexOf('?');
  return at < 0 ? [own] : [own.slice(0, at), own.slice(at + 1)];
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
