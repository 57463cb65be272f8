import type { Answer } from './answer.ts';
import type { Asked } from './asked.ts';
import { page } from './page.ts';

/** `GET /v2/_catalog`: every repository once, under the name that finds it and no other. */
export function catalog({ repositories, query }: Asked): Answer {
  return page(repositories.names, query, '/v2/_catalog', names => ({ repositories: names }));
}
