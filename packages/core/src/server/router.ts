import type { IncomingMessage } from 'node:http';
import { isRepository } from '../reference/reference.ts';
import { type Answer, json } from './http-response.ts';
import type { Asked, AskedOfRepository } from './api-request.ts';
import { blobs } from './blobs.ts';
import { catalog } from './catalog.ts';
import { refusal } from './error-response.ts';
import { manifests } from './manifests.ts';
import { referrers } from './referrers.ts';
import type { Repositories } from './repositories.ts';
import { tags } from './tags.ts';

type Endpoint = (asked: AskedOfRepository) => Answer;

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
): Answer {
  if (method !== 'GET' && method !== 'HEAD')
    return refusal('UNSUPPORTED', 'this registry is read-only', { Allow: 'GET, HEAD' });
  const [encoded = '', query] = splitTarget(url);
  const path = decode(encoded);
  if (path === undefined) return refusal('NAME_INVALID', 'the path is not percent-encoded UTF-8');
  const asked: Asked = { method, headers, query: new URLSearchParams(query), repositories };
  if (path === '/v2' || path === '/v2/') return json({});
  if (path === '/v2/_catalog') return catalog(asked);
  return routeInRepository(path, asked);
}

function routeInRepository(path: string, asked: Asked): Answer {
  for (const [pattern, endpoint] of IN_REPOSITORY) {
    const [, name, reference = ''] = pattern.exec(path) ?? [];
    if (name === undefined) continue;
    if (!isRepository(name)) return refusal('NAME_INVALID', 'this is not the name of a repository');
    const found = asked.repositories.find(name, asked.query.get('ns') ?? undefined);
    if (found.length === 0) return refusal('NAME_UNKNOWN', `no bundle has a repository ${name}`);
    return endpoint({ ...asked, name, found, reference });
  }
  return refusal('UNSUPPORTED', 'a registry has nothing at this path', {}, 404);
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
