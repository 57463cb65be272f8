import type { IncomingHttpHeaders } from 'node:http';
import type { Digest } from '../oci/digest.ts';

/** Headers that identify content by its digest. */
export function digestHeaders(digest: Digest): Record<string, string> {
  return { 'Docker-Content-Digest': digest, ETag: `"${digest}"` };
}

/** Whether `If-None-Match` lists this digest (RFC 9110, section 13.1.2). */
export function matchesEtag({ 'if-none-match': etags = '' }: IncomingHttpHeaders, digest: Digest): boolean {
  const values = etags.split(',').map(etag => etag.trim().replace(/^W\//, ''));
  return values.includes('*') || values.includes(`"${digest}"`);
}

/** Whether `If-Range` is missing, or names this digest (RFC 9110, section 13.1.5). A date never does: content has none. */
export function isCurrent({ 'if-range': etag }: IncomingHttpHeaders, digest: Digest): boolean {
  return etag === undefined || etag === `"${digest}"`;
}
