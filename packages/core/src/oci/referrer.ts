import type { Descriptor } from './descriptor.ts';
import { type Digest, digestHex, isDigest } from './digest.ts';
import type { Manifest } from './manifest.ts';

/** What cosign hangs on an image by tags: a signature, attestations, an SBOM. */
const COSIGN_KINDS = ['sig', 'att', 'sbom'] as const;
const COSIGN_NAME = /:sha256-([0-9a-f]{64})\.(?:sig|att|sbom)$/;

/** The tags under which cosign keeps what it says of a manifest. */
export function cosignTags(subject: Digest): string[] {
  return COSIGN_KINDS.map(kind => `${referrersTag(subject)}.${kind}`);
}

/** The manifest that a name with one of cosign's tags is about. */
export function cosignSubject(name: string): Digest | undefined {
  const digest = `sha256:${COSIGN_NAME.exec(name)?.[1]}`;
  return isDigest(digest) ? digest : undefined;
}

/** Where a registry without the referrers API has the list of them (distribution-spec, "Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  return `sha256-${digestHex(subject)}`;
}

/** A manifest as lists of referrers show it (distribution-spec, "Listing Referrers"). */
export function referrerDescriptor(
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  manifest: Manifest,
): Descriptor {
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
