import { bytesOf } from '../layout/blob-usage.ts';
import type { ImageSummary } from '../layout/image-summary.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { BundleContents } from './bundle-contents.ts';
import { type Change, pair } from './pairing.ts';

/** An image whose name exists in one bundle only. Sizes are bytes. */
interface UnpairedImage {
  /** The name, or the digest of an image without a name. */
  readonly name: string;
  readonly digest: string;
  /** The digest of the image that a signature or other artifact refers to. */
  readonly subject?: string;
  readonly platforms: readonly string[];
  /** The total size of the image. */
  readonly bytes: number;
}

/** An image whose name only NEW has. Sizes are bytes. */
export interface AddedImage extends UnpairedImage {
  /** The part of it that OLD does not contain. */
  readonly newBytes: number;
  /** The name of the same image in OLD. */
  readonly oldName?: string;
}

/** An image whose name only OLD has. Sizes are bytes. */
export interface RemovedImage extends UnpairedImage {
  /** The part of it that NEW does not contain. */
  readonly oldBytes: number;
  /** The name of the same image in NEW. */
  readonly newName?: string;
}

/** A platform of a changed image that was added, removed or changed. */
export interface PlatformChange {
  /** As `os/arch[/variant]`. */
  readonly platform: string;
  /** The digest of its manifest in OLD; undefined when it was added. */
  readonly oldDigest?: string;
  /** The digest of its manifest in NEW; undefined when it was removed. */
  readonly newDigest?: string;
}

/** A layer that only one version of a changed image has. */
export interface ChangedLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** Whether the other bundle contains it in another image. */
  readonly shared: boolean;
}

/** A name that points to a different image than before. Sizes are bytes. */
export interface ChangedImage {
  readonly name: string;
  readonly oldDigest: string;
  readonly newDigest: string;
  /** The changed platforms; empty when only the index itself changed. */
  readonly platforms: readonly PlatformChange[];
  readonly addedLayers: readonly ChangedLayer[];
  readonly removedLayers: readonly ChangedLayer[];
  /** The total size of the new image. */
  readonly bytes: number;
  /** The part of the new image that OLD does not contain. */
  readonly newBytes: number;
  /** The part of the old image that NEW does not contain. */
  readonly oldBytes: number;
}

/** Describes an image whose name is not in `before`. */
export function addedImage(image: ImageSummary, before: BundleContents): AddedImage {
  const oldName = before.nameOf(image.digest);
  const newBytes = before.missing(image.sizes).bytes;
  return { ...unpairedImage(image), newBytes, ...(oldName === undefined ? {} : { oldName }) };
}

/** Describes an image whose name is not in `after`. */
export function removedImage(image: ImageSummary, after: BundleContents): RemovedImage {
  const newName = after.nameOf(image.digest);
  const oldBytes = after.missing(image.sizes).bytes;
  return { ...unpairedImage(image), oldBytes, ...(newName === undefined ? {} : { newName }) };
}

function unpairedImage({ name, digest, subject, platforms, sizes }: ImageSummary): UnpairedImage {
  return {
    name,
    digest,
    ...(subject === undefined ? {} : { subject }),
    platforms: platforms.map(platform => platform.name),
    bytes: bytesOf(sizes),
  };
}

/** Describes an image whose name points to a different digest in each bundle. */
export function changedImage(
  change: Change<ImageSummary>,
  before: BundleContents,
  after: BundleContents,
): ChangedImage {
  const { before: old, after: current } = change;
  return {
    name: current.name,
    oldDigest: old.digest,
    newDigest: current.digest,
    platforms: platformChanges(change),
    addedLayers: layersWithout(current, old, before),
    removedLayers: layersWithout(old, current, after),
    bytes: bytesOf(current.sizes),
    newBytes: before.missing(current.sizes).bytes,
    oldBytes: after.missing(old.sizes).bytes,
  };
}

function platformChanges({ before, after }: Change<ImageSummary>): PlatformChange[] {
  const { added, removed, changed } = pair(before.platforms, after.platforms);
  return [
    ...changed.map(platform => ({
      platform: platform.after.name,
      oldDigest: platform.before.digest,
      newDigest: platform.after.digest,
    })),
    ...added.map(({ name, digest }) => ({ platform: name, newDigest: digest })),
    ...removed.map(({ name, digest }) => ({ platform: name, oldDigest: digest })),
  ];
}

/** The layers of an image that its counterpart in the other bundle does not have. */
function layersWithout(
  { layers }: ImageSummary,
  counterpart: ImageSummary,
  other: BundleContents,
): ChangedLayer[] {
  const known = new Set<Descriptor['digest']>(counterpart.layers.map(({ digest }) => digest));
  return layers
    .filter(({ digest }) => !known.has(digest))
    .map(({ digest, size, mediaType }) => ({ digest, size, mediaType, shared: other.has(digest, size) }));
}
