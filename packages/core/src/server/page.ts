import { errorResponse } from './error-response.ts';
import { type HttpResponse, json } from './http-response.ts';

/** The most names in one answer; `Link` leads on to the rest. */
const MAX_PAGE = 10_000;

/**
 * Answers with the part of a sorted list that `n` and `last` ask for (distribution-spec, "Listing Tags").
 *
 * @param path of the request, for the link to the next page
 * @param document what the names are sent in
 */
export function page(
  all: readonly string[],
  query: URLSearchParams,
  path: string,
  document: (names: readonly string[]) => object,
): HttpResponse {
  const n = query.get('n') ?? String(MAX_PAGE);
  if (!/^\d+$/.test(n)) return errorResponse('PAGINATION_NUMBER_INVALID', 'n must be a number of names');
  const last = query.get('last');
  const after = last === null ? all : all.filter(name => name > last);
  const names = after.slice(0, Math.min(Number(n), MAX_PAGE));
  const isMore = names.length > 0 && names.length < after.length;
  return json(document(names), isMore ? { Link: link(path, query, n, names.at(-1) ?? '') } : {});
}

/** RFC 8288; everything else that was asked for stays. */
function link(path: string, query: URLSearchParams, n: string, last: string): string {
  const next = new URLSearchParams(query);
  next.set('n', n);
  next.set('last', last);
  return `<${path}?${next}>; rel="next"`;
}
