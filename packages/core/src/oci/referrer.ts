import type { Descriptor } from './descriptor.ts';
import { type Digest, digestHex, isDigest } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** The suffixes of tags that cosign attaches to an image: signatures, attestations and SBOMs. */
const COSIGN_KINDS = ['sig', 'att', 'sbom'] as const;
const COSIGN_NAME = /:sha256-([0-9a-f]{64})\.(?:sig|att|sbom)$/;

/** Returns the tags under which cosign stores signatures, attestations and SBOMs of a manifest. */
export function cosignTags(subject: Digest): string[] {
  return COSIGN_KINDS.map(kind => `${referrersTag(subject)}.${kind}`);
}

/** Returns the digest of the subject in a name with a cosign tag, or undefined for other names. */
export function cosignSubject(name: string): Digest | undefined {
  const digest = `sha256:${COSIGN_NAME.exec(name)?.[1]}`;
  return isDigest(digest) ? digest : undefined;
}

/** Returns the fallback tag with the list of referrers (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  return `sha256-${digestHex(subject)}`;
}

/** Returns the descriptor of a manifest for lists of referrers (distribution-spec, "Listing Referrers"). */
export function referrerDescriptor(
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  manifest: Manifest,
): Descriptor {
  const { mediaType, annotations } = manifest;
  // Without an artifactType, the media type of the config counts.
  const configType = manifest.kind === 'image' ? manifest.config.mediaType : undefined;
  const artifactType = manifest.artifactType || configType;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType ? { artifactType } : {}),
    ...(annotations ? { annotations } : {}),
  };
}
