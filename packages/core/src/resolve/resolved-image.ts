import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, type ImageManifest, type RawManifest } from '../oci/manifest.ts';
import type { Platform, PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';

/** One manifest with a config and layers: an image for one platform, or an artifact. */
export interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** The platform in the index, else the one in the config. */
  readonly platform: Platform | undefined;
  /** The platform in the config. */
  readonly configured: Platform | undefined;
  /** The digests of the uncompressed layers of a runnable image; else empty. */
  readonly diffIds: readonly string[];
}

/** An image name, and the content that a bundle needs for it. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** The platforms that were requested. */
  readonly requested: PlatformChoice;
  /** The digest of the name in the registry. */
  readonly resolved: Digest;
  /** Whether its index in the registry has attestations, even if they are not in the bundle. */
  readonly isAttested: boolean;
  /** The manifest or index of the name in the bundle. */
  readonly root: Descriptor;
  /** The root, and every index and manifest below it. */
  readonly manifests: readonly RawManifest[];
  readonly images: readonly PlatformImage[];
  /** What an index contains beside manifests. */
  readonly otherBlobs: readonly Descriptor[];
  /** The subject, when it was found as a referrer. */
  readonly subject?: Digest | undefined;
  /** The configs that were read while resolving. */
  readonly configs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
}

/** Returns the blobs of the manifests of an image in their order, each config before its layers. */
export function blobsOf({ images, otherBlobs }: ResolvedImage): Descriptor[] {
  return [...images.flatMap(({ manifest }) => blobsOfManifest(manifest)), ...otherBlobs];
}
