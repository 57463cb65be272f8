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
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(String(headers.link ?? ''))?.[1];
  if (target === undefined) return undefined;
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
  if (next?.origin === url.origin) return next;
  throw new AirgapError('REGISTRY', `the next page of ${list} has an invalid URL or is at another host`, {
    where,
    hint: `Fix the Link headers of ${where.host}, or build without --referrers.`,
  });
}
