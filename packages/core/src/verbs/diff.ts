import { BundleContents } from '../diff/bundle-contents.ts';
import {
  type AddedImage,
  addedImage,
  type ChangedImage,
  changedImage,
  type RemovedImage,
  removedImage,
} from '../diff/image-change.ts';
import { pair } from '../diff/pairing.ts';
import { type BlobAmount, bytesOf } from '../layout/blob-usage.ts';
import { interruptible } from '../model/interrupted.ts';
import { absolutePath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link diff}. */
export interface DiffOptions extends ObjectOptions {
  /** The path of a bundle or an OCI layout directory. */
  readonly old: string;
  /** The path of its successor. */
  readonly new: string;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
}

/** The totals of one of the compared bundles. */
export interface ComparedBundle {
  readonly path: string;
  /** The number of names. */
  readonly images: number;
  /** The number of distinct blobs, including manifests. */
  readonly blobs: number;
  /** The total size of the distinct blobs, in bytes. */
  readonly bytes: number;
}

/** The differences between two bundles, in images and bytes. Lists are sorted by name. */
export interface DiffResult {
  readonly old: ComparedBundle;
  readonly new: ComparedBundle;
  /** Whether any name was added, removed or changed. */
  readonly differs: boolean;
  readonly added: readonly AddedImage[];
  readonly removed: readonly RemovedImage[];
  readonly changed: readonly ChangedImage[];
  /** The number of names that point to the same digest in both. */
  readonly unchanged: number;
  /** Blobs that only NEW has: a holder of OLD needs them. */
  readonly onlyNew: BlobAmount;
  readonly onlyOld: BlobAmount;
  readonly shared: BlobAmount;
}

/**
 * Compares two bundles or OCI layout directories by their documents. Manifests and configs are verified; layers must
 * exist with the right size, but are not hashed. A delta counts as its complete bundle, also without its base.
 *
 * @throws AirgapError `INPUT` when one of them cannot be read or is incomplete, `CONTENT`, `INTERRUPTED`
 */
export async function diff(options: DiffOptions): Promise<DiffResult> {
  checkOptions('diff', options, ['old', 'new']);
  return interruptible(options.signal, async () => {
    const before = await BundleContents.read(options.old, options);
    const after = await BundleContents.read(options.new, options);
    return compare(before, after);
  });
}

function compare(before: BundleContents, after: BundleContents): DiffResult {
  const { added, removed, changed, unchanged } = pair(before.images, after.images);
  return {
    old: totals(before),
    new: totals(after),
    differs: added.length + removed.length + changed.length > 0,
    added: added.map(image => addedImage(image, before)),
    removed: removed.map(image => removedImage(image, after)),
    changed: changed.map(change => changedImage(change, before, after)),
    unchanged,
    onlyNew: before.missing(after.blobs),
    onlyOld: after.missing(before.blobs),
    shared: before.shared(after.blobs),
  };
}

function totals({ path, images, blobs }: BundleContents): ComparedBundle {
  return { path: absolutePath(path), images: images.length, blobs: blobs.size, bytes: bytesOf(blobs) };
}
