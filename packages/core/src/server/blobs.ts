import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { firstDefined, type RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { digestHeaders, isCurrent, matchesEtag } from './etag.ts';
import { empty, type HttpResponse } from './http-response.ts';
import { parseRange } from './parse-range.ts';
import type { StoredBlob } from './stored-blob.ts';

/** `GET /v2/<name>/blobs/<digest>`: the complete blob, or one range of it. */
export function blobs({ method, matches, name, reference, headers }: RepositoryRequest): HttpResponse {
  if (!hasDigestForm(reference)) return errorResponse('DIGEST_INVALID', 'invalid digest');
  const blob = firstDefined(matches, repository => repository.blob(reference as Digest));
  if (!blob) return errorResponse('BLOB_UNKNOWN', `blob unknown to repository ${name}`);
  const blobHeaders = {
    ...digestHeaders(blob.digest),
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
  };
  if (matchesEtag(headers, blob.digest)) return empty(304, blobHeaders);
  // Range applies to GET only (RFC 9110, section 14.2), and not when the client has a part of something else.
  const isRange = method === 'GET' && isCurrent(headers, blob.digest);
  return rangeResponse(blob, blobHeaders, isRange ? headers.range : undefined);
}

function rangeResponse(
  blob: StoredBlob,
  blobHeaders: Readonly<Record<string, string>>,
  rangeHeader: string | undefined,
): HttpResponse {
  const { size } = blob;
  const range = parseRange(rangeHeader, size);
  if (range === 'complete')
    return { status: 200, headers: blobHeaders, body: { blob, range: { start: 0, end: size } } };
  if (range === 'unsatisfiable')
    return errorResponse('RANGE_INVALID', `requested range not satisfiable: the blob has ${size} bytes`, {
      'Content-Range': `bytes */${size}`,
    });
  const contentRange = { 'Content-Range': `bytes ${range.start}-${range.end - 1}/${size}` };
  return { status: 206, headers: { ...blobHeaders, ...contentRange }, body: { blob, range } };
}
