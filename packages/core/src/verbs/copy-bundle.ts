import { resolve } from 'node:path';
import type { BlobRef, BundlePlan } from '../bundle/entry-content.ts';
import { checkTarget } from '../bundle/file/disk.ts';
import { checkParts } from '../bundle/part-plan.ts';
import { bytesToTransfer, writeBundleFile } from '../bundle/write-bundle-file.ts';
import type { BlobOrder } from '../layout/blob-order.ts';
import type { Layout } from '../layout/layout.ts';
import { interruptible } from '../model/interrupted.ts';
import type { Digest } from '../oci/digest.ts';
import { bundlePath } from '../signing/side-files.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { parsePartSize } from '../tar/part-size.ts';
import { finishSums, openSums, type SumsOptions, type WrittenSums } from './build-sums.ts';
import { checkConflicts } from './check-conflicts.ts';

/** The options of all verbs that write a bundle from stored ones. */
export interface CopyBundleOptions extends SumsOptions {
  /** The path to write. */
  readonly output: string;
  /** Write parts of this size, `PATH.001` and so on: `fat32`, `dvd`, `bd`, `cd`, or a size such as `4GiB`. */
  readonly split?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** What is written, and where its blobs are. */
export interface BundleCopy {
  readonly plan: BundlePlan;
  readonly order: BlobOrder;
  /** The digest of its `index.json`. */
  readonly index: Digest;
  readonly sources: readonly Layout[];
  /** Layouts that are only compared with. */
  readonly bases?: readonly Layout[];
}

/** A bundle or a delta that was written. */
export interface WrittenBundle extends WrittenSums {
  /** The absolute path, or that of the first part. */
  readonly path: string;
  /** The absolute paths of the parts, when it was split. */
  readonly parts?: readonly string[];
  /** The size of what was written, in bytes. */
  readonly size: number;
  /** The digest of its `index.json`, which identifies the content. */
  readonly digest: string;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Writes a bundle whose blobs are in stored ones. Every blob is verified; an interrupted copy is resumed.
 *
 * @throws AirgapError `USAGE`, `DISK`, `CONTENT` for a damaged blob, `INTERRUPTED`
 */
export async function copyBundle(
  { plan, order, index, sources, bases = [] }: BundleCopy,
  { output, split, signal: outer, checksums, sign, ...options }: CopyBundleOptions,
): Promise<WrittenBundle> {
  const started = performance.now();
  const onEvent = withTime(options.onEvent);
  const stopper = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stopper.signal]) : stopper.signal;
  const partSize = split === undefined ? undefined : parsePartSize(split);
  if (partSize !== undefined) checkParts(plan, order, partSize);
  const path = await checkTarget(output);
  const first = partSize === undefined ? path : `${path}.001`;
  await checkConflicts(
    first,
    [...sources, ...bases].map(layout => layout.path),
  );
  const sums = await openSums(path, { checksums, sign });
  const sourcesOf = ({ blob }: BlobRef) => sources.filter(layout => layout.contains(blob));
  const blobs = plan.entries.filter(({ content }) => content.bytes === undefined).length;
  onEvent?.({ type: 'planned', images: 0, blobs, bytes: bytesToTransfer(plan), size: plan.size });
  return interruptible(outer, async () => {
    const stop = (reason: unknown) => stopper.abort(reason);
    const { transferred: _, ...written } = await writeBundleFile(path, plan, {
      sourcesOf,
      signal,
      partSize,
      onEvent,
      stop,
    });
    // The sums of a bundle are also those of its parts.
    const isSame = sources.some(layout => resolve(bundlePath(layout.path)) === resolve(path));
    const summed = isSame && !sums.isWritten ? {} : await finishSums(written.path, sums, { signal, onEvent });
    const elapsed = performance.now() - started;
    return { ...written, size: plan.size, digest: index, ...summed, elapsed };
  });
}
