import type { Answer } from './http-response.ts';
import type { Asked } from './api-request.ts';
import { page } from './page.ts';

/** `GET /v2/_catalog`: every repository once, under the name that finds it and no other. */
export function catalog({ repositories, query }: Asked): Answer {
  return page(repositories.names, query, '/v2/_catalog', names => ({ repositories: names }));
}
