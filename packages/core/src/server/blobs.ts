import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { type Answer, empty } from './http-response.ts';
import { type AskedOfRepository, firstOf } from './api-request.ts';
import type { Content } from './stored-blob.ts';
import { refusal } from './error-response.ts';
import { digestHeaders, isKnown } from './etag.ts';
import { askedRange } from './parse-range.ts';

/** `GET /v2/<name>/blobs/<digest>`, whole or one range of it. */
export function blobs({ method, found, name, reference, headers }: AskedOfRepository): Answer {
  if (!hasDigestForm(reference)) return refusal('DIGEST_INVALID', 'this is not a digest');
  const content = firstOf(found, repository => repository.content(reference as Digest));
  if (!content) return refusal('BLOB_UNKNOWN', `${name} has no such blob`);
  const about = {
    ...digestHeaders(content.digest),
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  if (isKnown(headers, content.digest)) return empty(304, about);
  // Ranges are for GET alone (RFC 9110, section 14.2).
  return slice(content, about, method === 'GET' ? headers.range : undefined);
}

function slice(
  content: Content,
  about: Readonly<Record<string, string>>,
  header: string | undefined,
): Answer {
  const { size } = content;
  const range = askedRange(header, size);
  if (range === 'whole')
    return { status: 200, headers: about, body: { content, range: { start: 0, end: size } } };
  if (range === 'unsatisfiable')
    return refusal('RANGE_INVALID', `the blob has ${size} bytes`, { 'Content-Range': `bytes */${size}` });
  const place = { 'Content-Range': `bytes ${range.start}-${range.end - 1}/${size}` };
  return { status: 206, headers: { ...about, ...place }, body: { content, range } };
}
