import { compareText } from '../model/text-order.ts';
import type { RepositoryRequest } from './api-request.ts';
import type { HttpResponse } from './http-response.ts';
import { page } from './page.ts';
import type { Repository } from './repository.ts';

/** `GET /v2/<name>/tags/list`. */
export function tags({ matches, name, query }: RepositoryRequest): HttpResponse {
  return page(tagsOf(matches), query, `/v2/${name}/tags/list`, names => ({ name, tags: names }));
}

function tagsOf(repositories: readonly Repository[]): readonly string[] {
  const [first, ...others] = repositories;
  if (first && others.length === 0) return first.tags;
  return [...new Set(repositories.flatMap(repository => repository.tags))].sort(compareText);
}
