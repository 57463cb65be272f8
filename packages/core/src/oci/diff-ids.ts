import type { Descriptor } from './descriptor.ts';
import type { ImageManifest } from './manifest.ts';
import { isUncompressedLayer } from './media-type.ts';

const CONSEQUENCE = 'runtimes refuse the image, or run other layers';

/** What to do about an image whose config does not fit its layers. */
export const DIFF_ID_HINT = 'Build and push the image again with a current docker, buildx or buildah.';

/** A layer that must be decompressed to be compared with its diff ID. */
export interface CompressedLayer {
  readonly layer: Descriptor;
  /** The digest of the layer without compression, as the config has it. */
  readonly diffId: string;
}

/**
 * Compares the layers of a manifest with the `diff_ids` of its config, as far as that needs no decompression. Runtimes
 * name unpacked layers by their diff IDs: if these are not those of the layers, they refuse the image, or run what they
 * have under these IDs already.
 *
 * @returns what differs; undefined if nothing does, and for a config without `diff_ids`, which no runtime unpacks
 * @example
 * diffIdMismatch(manifest, ['sha256:…']); // 'the config has 1 diff_ids for 2 layers: runtimes refuse …'
 */
export function diffIdMismatch({ layers }: ImageManifest, diffIds: readonly string[]): string | undefined {
  if (diffIds.length === 0) return undefined;
  if (diffIds.length !== layers.length)
    return `the config has ${diffIds.length} diff_ids for ${layers.length} layers: ${CONSEQUENCE}`;
  for (const [at, { digest, mediaType }] of layers.entries())
    if (isUncompressedLayer(mediaType) && digest !== diffIds[at])
      return wrongDiffId(digest, diffIds[at] ?? '', digest);
  return undefined;
}

/** Describes a layer whose diff ID is not the one in the config. */
export function wrongDiffId(layer: string, expected: string, actual: string): string {
  return `the layer ${layer} has the diff ID ${actual}, the config has ${expected}: ${CONSEQUENCE}`;
}

/** Returns the layers that {@link diffIdMismatch} cannot compare. @param diffIds one for each layer */
export function compressedLayers({ layers }: ImageManifest, diffIds: readonly string[]): CompressedLayer[] {
  return layers.flatMap((layer, at) => {
    const diffId = diffIds[at];
    return diffId === undefined || isUncompressedLayer(layer.mediaType) ? [] : [{ layer, diffId }];
  });
}
