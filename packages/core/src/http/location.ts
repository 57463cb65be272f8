import { AirgapError } from '../model/errors.ts';
import { RetryableError } from './retry.ts';
import type { ResponseHead } from './round-trip.ts';

/** Whether a response leads to another URL (RFC 9110, section 15.4). */
export function isRedirect({ status }: ResponseHead): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Resolves the `Location` of a response, which may be relative (RFC 9110, section 10.2.2).
 *
 * @param host the registry, for errors
 * @param what the kind of response, for errors
 * @throws AirgapError `REGISTRY` when it is missing or invalid, or leads from https to http
 */
export function locationOf(
  { headers, url }: ResponseHead & { readonly url: URL },
  host: string,
  what: 'a redirect' | 'the upload' = 'a redirect',
): URL {
  const text = typeof headers.location === 'string' ? headers.location : '';
  const target = text && URL.canParse(text, url.href) ? new URL(text, url) : undefined;
  const downgrade = url.protocol === 'https:' && target?.protocol === 'http:';
  if (target && /^https?:$/.test(target.protocol) && !downgrade) return target;
  const problem = downgrade ? 'leads from https to http' : 'has no valid Location header';
  throw new AirgapError('REGISTRY', `${what} ${problem}`, {
    where: { host },
    hint: `Fix the Location headers of ${host}, or of the proxy in front of it.`,
  });
}

/**
 * The error of a request to where a `Location` of the registry leads. If another host cannot be reached there, the hint is
 * about the `Location`: a registry behind a proxy may not know its own name.
 */
export function locationError(thrown: unknown, { host: target }: URL, host: string): unknown {
  const error = thrown instanceof RetryableError ? thrown.error : thrown;
  if (!(error instanceof AirgapError) || error.code !== 'NETWORK' || target === host) return thrown;
  const { code, message, where, cause } = error;
  const hint = `Fix the Location headers of ${host}, which lead uploads to ${target}, or those of the proxy in front of it.`;
  const explained = new AirgapError(code, message, { where, cause, hint });
  if (!(thrown instanceof RetryableError)) return explained;
  return new RetryableError(explained, thrown.throttled, thrown.attempts);
}
