import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { firstDefined, type RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { digestHeaders, matchesEtag } from './etag.ts';
import { empty, type HttpResponse } from './http-response.ts';
import { parseRange } from './parse-range.ts';
import type { StoredBlob } from './stored-blob.ts';

/** `GET /v2/<name>/blobs/<digest>`, whole or one range of it. */
export function blobs({ method, found, name, reference, headers }: RepositoryRequest): HttpResponse {
  if (!hasDigestForm(reference)) return errorResponse('DIGEST_INVALID', 'this is not a digest');
  const content = firstDefined(found, repository => repository.content(reference as Digest));
  if (!content) return errorResponse('BLOB_UNKNOWN', `${name} has no such blob`);
  const about = {
    ...digestHeaders(content.digest),
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  if (matchesEtag(headers, content.digest)) return empty(304, about);
  // Ranges are for GET alone (RFC 9110, section 14.2).
  return slice(content, about, method === 'GET' ? headers.range : undefined);
}

function slice(
  content: StoredBlob,
  about: Readonly<Record<string, string>>,
  header: string | undefined,
): HttpResponse {
  const { size } = content;
  const range = parseRange(header, size);
  if (range === 'whole')
    return { status: 200, headers: about, body: { content, range: { start: 0, end: size } } };
  if (range === 'unsatisfiable')
    return errorResponse('RANGE_INVALID', `the blob has ${size} bytes`, {
      'Content-Range': `bytes */${size}`,
    });
  const place = { 'Content-Range': `bytes ${range.start}-${range.end - 1}/${size}` };
  return { status: 206, headers: { ...about, ...place }, body: { content, range } };
}
