import { hasDigestForm } from '../oci/digest.ts';
import { firstDefined, type RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { digestHeaders, matchesEtag } from './etag.ts';
import { empty, type HttpResponse } from './http-response.ts';

/** `GET /v2/<name>/manifests/<tag or digest>`: the manifest as stored, regardless of `Accept`. */
export function manifests({ matches, name, reference, headers }: RepositoryRequest): HttpResponse {
  if (reference.includes(':') && !hasDigestForm(reference))
    return errorResponse('DIGEST_INVALID', 'invalid digest');
  const served = firstDefined(matches, repository => repository.manifest(reference));
  if (!served) return errorResponse('MANIFEST_UNKNOWN', `manifest unknown to repository ${name}`);
  const { blob, manifest } = served;
  const manifestHeaders = { ...digestHeaders(blob.digest), 'Content-Type': manifest.mediaType };
  if (matchesEtag(headers, blob.digest)) return empty(304, manifestHeaders);
  return { status: 200, headers: manifestHeaders, body: { blob, range: { start: 0, end: blob.size } } };
}
