import { hasDigestForm } from '../oci/digest.ts';
import { firstDefined, type RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { digestHeaders, matchesEtag } from './etag.ts';
import { empty, type HttpResponse } from './http-response.ts';

/** `GET /v2/<name>/manifests/<tag or digest>`; the bytes go out as they are, whatever `Accept` says. */
export function manifests({ found, name, reference, headers }: RepositoryRequest): HttpResponse {
  if (reference.includes(':') && !hasDigestForm(reference))
    return errorResponse('DIGEST_INVALID', 'this is not a digest');
  const served = firstDefined(found, repository => repository.manifest(reference));
  if (!served) return errorResponse('MANIFEST_UNKNOWN', `${name} has no such manifest`);
  const { content, manifest } = served;
  const about = { ...digestHeaders(content.digest), 'Content-Type': manifest.mediaType };
  if (matchesEtag(headers, content.digest)) return empty(304, about);
  return { status: 200, headers: about, body: { content, range: { start: 0, end: content.size } } };
}
