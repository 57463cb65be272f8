import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { ApiResponse } from './host.ts';

/**
 * Returns the URL of the next page of a list, from the `Link` header (RFC 8288). It must be at the same registry, as it
 * receives credentials.
 *
 * @param list what is listed, for errors
 * @throws AirgapError `REGISTRY` for an invalid URL, and for one at another host
 */
export function nextPage({ headers, url }: ApiResponse, list: string, where: ErrorContext): URL | undefined {
  const target = linkTo('next', String(headers.link ?? ''));
  if (target === undefined) return undefined;
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
  if (next?.origin === url.origin) return next;
  throw new AirgapError('REGISTRY', `the next page of ${list} has an invalid URL or is at another host`, {
    where,
    hint: `Fix the Link headers of ${where.host}, or build without --referrers.`,
  });
}

/** Returns the target of the first link with a relation (RFC 8288, section 3). */
function linkTo(relation: string, header: string): string | undefined {
  let open = header.indexOf('<');
  while (open >= 0) {
    const close = header.indexOf('>', open);
    if (close < 0) return undefined;
    const [parameters = ''] = header.slice(close + 1).split(',', 1);
    const relations = parameters.split(';').map(parameter => parameter.trim().replaceAll('"', ''));
    if (relations.includes(`rel=${relation}`)) return header.slice(open + 1, close);
    open = header.indexOf('<', close + 1 + parameters.length);
  }
  return undefined;
}
