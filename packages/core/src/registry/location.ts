import type { ResponseHead } from '../http/round-trip.ts';
import { AirgapError } from '../model/errors.ts';

/**
 * Where an answer's `Location` leads, which may be relative (RFC 9110, section 10.2.2).
 *
 * @param host the registry that errors name
 * @param what it is that leads there
 * @throws AirgapError `REGISTRY` when it leads nowhere, or from TLS to the open
 */
export function locationOf(
  { headers, url: from }: ResponseHead & { readonly url: URL },
  host: string,
  what: 'a redirect' | 'the upload' = 'a redirect',
): URL {
  const text = typeof headers.location === 'string' ? headers.location : '';
  const target = text && URL.canParse(text, from.href) ? new URL(text, from) : undefined;
  const downgrade = from.protocol === 'https:' && target?.protocol === 'http:';
  if (target && /^https?:$/.test(target.protocol) && !downgrade) return target;
  throw new AirgapError('REGISTRY', `${what} leads ${downgrade ? 'from https to http' : 'nowhere'}`, {
    where: { host },
    hint: `Ask whoever runs ${host}, or the proxy before it, to mend its Location headers.`,
  });
}
