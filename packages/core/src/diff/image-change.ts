import { bytesOf } from '../layout/blob-usage.ts';
import type { ImageSummary } from '../layout/image-summary.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { BundleContents } from './bundle-contents.ts';
import { pair } from './pairing.ts';

/** An image that only one side has under its name. Sizes are bytes. */
export interface SoleImage {
  /** Its digest, when it has no name. */
  readonly name: string;
  readonly digest: string;
  /** The digest that it is about, for a signature and the like. */
  readonly subject?: string;
  readonly platforms: readonly string[];
  /** Everything the image needs. */
  readonly bytes: number;
  /** The part of it that the other side has in no image. */
  readonly ownBytes: number;
  /** What the other side calls the very same image; nothing when it does not have it. */
  readonly otherName?: string;
}

/** A platform of a changed image that is not the same on both sides. */
export interface PlatformChange {
  /** As `os/arch[/variant]`. */
  readonly platform: string;
  /** Of its manifest in OLD; nothing when it was added. */
  readonly oldDigest?: string;
  /** Of its manifest in NEW; nothing when it was removed. */
  readonly newDigest?: string;
}

/** A layer that an image has on one side only. */
export interface ChangedLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** Whether the other side has it nevertheless, in another image. */
  readonly shared: boolean;
}

/** A name that stands for another image than before. Sizes are bytes. */
export interface ChangedImage {
  readonly name: string;
  readonly oldDigest: string;
  readonly newDigest: string;
  /** Those that are not the same; none when only what describes the platforms has changed. */
  readonly platforms: readonly PlatformChange[];
  readonly addedLayers: readonly ChangedLayer[];
  readonly removedLayers: readonly ChangedLayer[];
  /** Everything the new image needs. */
  readonly bytes: number;
  /** The part of it that OLD has in no image. */
  readonly newBytes: number;
  /** The part of the old image that NEW has in no image. */
  readonly oldBytes: number;
}

/** Describes an image that the other side does not have under its name. */
export function soleImage(
  { name, digest, subject, platforms, sizes }: ImageSummary,
  other: BundleContents,
): SoleImage {
  const otherName = other.nameOf(digest);
  return {
    name,
    digest,
    ...(subject === undefined ? {} : { subject }),
    ...(otherName === undefined ? {} : { otherName }),
    platforms: platforms.map(platform => platform.name),
    bytes: bytesOf(sizes),
    ownBytes: other.missing(sizes).bytes,
  };
}

/** Describes what became of a name. */
export function changedImage(
  { old, now }: { readonly old: ImageSummary; readonly now: ImageSummary },
  olds: BundleContents,
  news: BundleContents,
): ChangedImage {
  return {
    name: now.name,
    oldDigest: old.digest,
    newDigest: now.digest,
    platforms: platformChanges(old, now),
    addedLayers: layersWithout(now, old, olds),
    removedLayers: layersWithout(old, now, news),
    bytes: bytesOf(now.sizes),
    newBytes: olds.missing(now.sizes).bytes,
    oldBytes: news.missing(old.sizes).bytes,
  };
}

function platformChanges(before: ImageSummary, after: ImageSummary): PlatformChange[] {
  const { added, removed, changed } = pair(before.platforms, after.platforms);
  return [
    ...changed.map(({ old, now }) => ({
      platform: now.name,
      oldDigest: old.digest,
      newDigest: now.digest,
    })),
    ...added.map(({ name, digest }) => ({ platform: name, newDigest: digest })),
    ...removed.map(({ name, digest }) => ({ platform: name, oldDigest: digest })),
  ];
}

/** The layers of an image that its counterpart on the other side does not have. */
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
