import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrerDescriptor } from '../oci/referrer.ts';
import type { RepositoryRequest } from './api-request.ts';
import { errorResponse } from './error-response.ts';
import { type HttpResponse, json } from './http-response.ts';

/** `GET /v2/<name>/referrers/<digest>`: the referrers of a manifest, optionally of one artifact type. */
export function referrers({ matches, reference, query }: RepositoryRequest): HttpResponse {
  if (!hasDigestForm(reference)) return errorResponse('DIGEST_INVALID', 'invalid digest');
  const served = matches.flatMap(repository => repository.referrers(reference as Digest));
  const descriptors = new Map(
    served.map(({ blob, manifest }) => [blob.digest, referrerDescriptor(blob, manifest)]),
  );
  const artifactType = query.get('artifactType');
  const manifests = [...descriptors.values()].filter(
    descriptor => !artifactType || descriptor.artifactType === artifactType,
  );
  return json(
    { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests },
    {
      'Content-Type': MediaType.ociIndex,
      ...(artifactType ? { 'OCI-Filters-Applied': 'artifactType' } : {}),
    },
  );
}
