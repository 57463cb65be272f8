import { errorResponse } from './error-response.ts';
import { type HttpResponse, json } from './http-response.ts';

/** Maximum number of names in one response; `Link` refers to the next page. */
const MAX_PAGE = 10_000;

/**
 * Responds with the page of a sorted list that `n` and `last` select (distribution-spec, "Listing Tags").
 *
 * @param path path of the request, for the link to the next page
 * @param document creates the response document for the names of the page
 */
export function page(
  all: readonly string[],
  query: URLSearchParams,
  path: string,
  document: (names: readonly string[]) => object,
): HttpResponse {
  const n = query.get('n') ?? String(MAX_PAGE);
  if (!/^\d+$/.test(n))
    return errorResponse('PAGINATION_NUMBER_INVALID', `invalid number of results requested: ${n}`);
  const last = query.get('last');
  const after = last === null ? all : all.filter(name => name > last);
  const names = after.slice(0, Math.min(Number(n), MAX_PAGE));
  const hasMore = names.length > 0 && names.length < after.length;
  return json(document(names), hasMore ? { Link: link(path, query, n, names.at(-1) ?? '') } : {});
}

/** A link to the next page (RFC 8288), with all other query parameters unchanged. */
function link(path: string, query: URLSearchParams, n: string, last: string): string {
  const next = new URLSearchParams(query);
  next.set('n', n);
  next.set('last', last);
  return `<${path}?${next}>; rel="next"`;
}
