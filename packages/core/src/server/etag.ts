import type { IncomingHttpHeaders } from 'node:http';
import type { Digest } from '../oci/digest.ts';

/** What content is called in headers: its digest does for both. */
export function digestHeaders(digest: Digest): Record<string, string> {
  return { 'Docker-Content-Digest': digest, ETag: `"${digest}"` };
}

/** Says whether the client has this content already (RFC 9110, section 13.1.2). */
export function matchesEtag({ 'if-none-match': known = '' }: IncomingHttpHeaders, digest: Digest): boolean {
  const tags = known.split(',').map(tag => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(`"${digest}"`);
}
