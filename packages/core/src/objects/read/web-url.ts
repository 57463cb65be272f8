import { isLoopback } from '../../http/loopback.ts';
import { AirgapError } from '../../model/errors.ts';
import { shownPath } from '../../model/path-or-url.ts';

/**
 * Parses the URL of a file on a web server. As for registries, only loopback hosts and those of `plainHttp` may lack TLS.
 *
 * @throws AirgapError `USAGE`
 */
export function parseWebUrl(text: string, plainHttp: readonly string[] = []): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'oci:')
    throw new AirgapError('USAGE', 'a bundle in a registry is not read in place', {
      where: { path: shownPath(text) },
      hint: 'Fetch it first with airgap pull.',
    });
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new AirgapError('USAGE', 'invalid URL', {
      where: { path: shownPath(text) },
      hint: 'Write it as https://host/path/bundle.tar.',
    });
  if (url.protocol === 'http:' && !isLoopback(url.host) && !plainHttp.includes(url.host))
    throw new AirgapError('USAGE', `${url.host} would be read without TLS`, {
      where: { path: shownPath(text) },
      hint: `Use https://, or allow it with --plain-http ${url.host}.`,
    });
  url.hash = '';
  return url;
}

/** The `Authorization` for the credentials in a URL (RFC 7617); undefined without any. */
export function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

/** The password in a URL, decoded. */
export function passwordOf({ password }: URL): string {
  return decoded(password);
}

/** The values in the query of a URL, as they are written and as they are meant: the signatures of links are there. */
export function queryValues({ search, searchParams }: URL): string[] {
  const written = search
    .slice(1)
    .split('&')
    .map(field => field.slice(field.indexOf('=') + 1));
  return [...written, ...searchParams.values()];
}

/** @throws AirgapError `USAGE`, without the text, which may be a password */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AirgapError('USAGE', 'invalid URL: its user or password has a "%" without two hex digits', {
      hint: 'Write "%" as %25.',
    });
  }
}
