import { resolve } from 'node:path';
import { type BlobAmount, BundleContents } from '../diff/bundle-contents.ts';
import { type ChangedImage, changedImage, type SoleImage, soleImage } from '../diff/image-change.ts';
import { pair } from '../diff/pairing.ts';
import { bytesOf } from '../layout/blob-usage.ts';
import { interrupted } from '../model/interrupted.ts';

export interface DiffOptions {
  /** The path of a bundle or an OCI layout directory. */
  readonly old: string;
  /** The path of the one that came after it. */
  readonly new: string;
  readonly signal?: AbortSignal | undefined;
}

/** One of the two that are compared. */
export interface DiffSide {
  readonly path: string;
  /** Its names. */
  readonly images: number;
  /** Different blobs, manifests included. */
  readonly blobs: number;
  /** Their sizes added up, each digest once. */
  readonly bytes: number;
}

/** What changed, in images and in bytes. Lists are sorted by name. */
export interface DiffResult {
  readonly old: DiffSide;
  readonly new: DiffSide;
  /** Whether any name was added, removed or changed. */
  readonly differs: boolean;
  readonly added: readonly SoleImage[];
  readonly removed: readonly SoleImage[];
  readonly changed: readonly ChangedImage[];
  /** How many names stand for the same digest as before. */
  readonly unchanged: number;
  /** What whoever has OLD must still get. */
  readonly onlyNew: BlobAmount;
  readonly onlyOld: BlobAmount;
  readonly shared: BlobAmount;
}

/**
 * Says what changed between two bundles or OCI layout directories, from their documents alone: manifests and configs
 * are verified, layers are there with the right size and are not hashed.
 *
 * @throws AirgapError `INPUT` when one of them cannot be read or is not whole, `CONTENT`, `INTERRUPTED`
 */
export async function diff({ old: before, new: after, signal }: DiffOptions): Promise<DiffResult> {
  try {
    return compared(await BundleContents.read(before, signal), await BundleContents.read(after, signal));
  } catch (error) {
    throw signal?.aborted ? interrupted(error) : error;
  }
}

function compared(old: BundleContents, now: BundleContents): DiffResult {
  const { added, removed, changed, unchanged } = pair(old.images, now.images);
  return {
    old: sideOf(old),
    new: sideOf(now),
    differs: added.length + removed.length + changed.length > 0,
    added: added.map(image => soleImage(image, old)),
    removed: removed.map(image => soleImage(image, now)),
    changed: changed.map(both => changedImage(both, old, now)),
    unchanged,
    onlyNew: old.missing(now.blobs),
    onlyOld: now.missing(old.blobs),
    shared: old.shared(now.blobs),
  };
}

function sideOf({ path, images, blobs }: BundleContents): DiffSide {
  return { path: resolve(path), images: images.length, blobs: blobs.size, bytes: bytesOf(blobs) };
}
