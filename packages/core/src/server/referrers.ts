import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, hasDigestForm } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import { type Answer, json } from './answer.ts';
import type { AskedOfRepository } from './asked.ts';
import { refusal } from './errors.ts';
import type { ServedManifest } from './served-bundle.ts';

/** `GET /v2/<name>/referrers/<digest>`: what names this manifest as its subject, of one artifact type or of all. */
export function referrers({ found, reference, query }: AskedOfRepository): Answer {
  if (!hasDigestForm(reference)) return refusal('DIGEST_INVALID', 'this is not a digest');
  const served = found.flatMap(repository => repository.referrers(reference as Digest));
  const all = new Map(served.map(one => [one.content.digest, describe(one)]));
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

function describe({ content: { digest, size }, manifest }: ServedManifest): Descriptor {
  const { mediaType, annotations } = manifest;
  // A manifest without a type of its own has its config's; an index then has none.
  const artifactType =
    manifest.artifactType || (manifest.kind === 'image' ? manifest.config.mediaType : undefined);
  return {
    mediaType,
    digest,
    size,
    ...(artifactType ? { artifactType } : {}),
    ...(annotations ? { annotations } : {}),
  };
}
