import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageManifest, RawManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';

/** One manifest with a config and layers: an image for one platform, or an artifact. */
export interface PlatformImage {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** What the index that led to it says, else what its config says. */
  readonly platform: Platform | undefined;
  /** What its config says. */
  readonly configured: Platform | undefined;
  /** The digests of the unpacked layers, when a runtime can unpack it; else empty. */
  readonly diffIds: readonly string[];
}

/** A name, and everything a bundle has to hold so that the name means the same on the other side. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** What the name stood for in the registry. */
  readonly resolved: Digest;
  /** Whether attestations came with it in the registry, taken or not. */
  readonly isAttested: boolean;
  /** What the name stands for in the bundle. */
  readonly root: Descriptor;
  /** Every index and manifest below the root, the root's own among them. */
  readonly manifests: readonly RawManifest[];
  readonly images: readonly PlatformImage[];
  /** The manifest that it is about, when it was found as a referrer. */
  readonly subject?: Digest | undefined;
  /** The configs that were read on the way. */
  readonly configs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
}

/** The blobs of an image's manifests: configs first, then layers, as their manifests list them. */
export function blobsOf(image: ResolvedImage): Descriptor[] {
  return image.images.flatMap(({ manifest }) => [manifest.config, ...manifest.layers]);
}
