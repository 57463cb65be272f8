import type { ApiRequest } from './api-request.ts';
import type { HttpResponse } from './http-response.ts';
import { page } from './page.ts';

/** `GET /v2/_catalog`: the public names of all repositories. */
export function catalog({ repositories, query }: ApiRequest): HttpResponse {
  return page(repositories.names, query, '/v2/_catalog', names => ({ repositories: names }));
}
