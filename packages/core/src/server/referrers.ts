import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrerDescriptor } from '../oci/referrer.ts';
import type { RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { type HttpResponse, json } from './http-response.ts';

/** `GET /v2/<name>/referrers/<digest>`: what names this manifest as its subject, of one artifact type or of all. */
export function referrers({ found, reference, query }: RepositoryRequest): HttpResponse {
  if (!hasDigestForm(reference)) return errorResponse('DIGEST_INVALID', 'this is not a digest');
  const served = found.flatMap(repository => repository.referrers(reference as Digest));
  const all = new Map(served.map(one => [one.content.digest, referrerDescriptor(one.content, one.manifest)]));
  const artifactType = query.get('artifactType');
  const manifests = [...all.values()].filter(one => !artifactType || one.artifactType === artifactType);
  return json(
    { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests },
    {
      'Content-Type': MediaType.ociIndex,
      ...(artifactType ? { 'OCI-Filters-Applied': 'artifactType' } : {}),
    },
  );
}
