import { compareText } from '../model/text-order.ts';
import type { RepositoryRequest } from './api-request.ts';
import type { HttpResponse } from './http-response.ts';
import { page } from './page.ts';
import type { Repository } from './repository.ts';

/** `GET /v2/<name>/tags/list`. */
export function tags({ found, name, query }: RepositoryRequest): HttpResponse {
  return page(tagsOf(found), query, `/v2/${name}/tags/list`, names => ({ name, tags: names }));
}

function tagsOf(found: readonly Repository[]): readonly string[] {
  const [only, ...others] = found;
  if (only && others.length === 0) return only.tags;
  return [...new Set(found.flatMap(repository => repository.tags))].sort(compareText);
}
