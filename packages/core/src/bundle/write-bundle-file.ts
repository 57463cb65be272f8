import { resolve } from 'node:path';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { OnEvent } from '../store/events.ts';
import type { BlobSource } from '../store/image-source.ts';
import type { BlobRef, BundlePlan } from './entry-content.ts';
import { BundleFile, type BundleFileOptions } from './file/bundle-file.ts';
import { diskError } from './file/disk.ts';
import { openPrevious } from './file/previous-bundle.ts';
import { type TransferredBytes, TransferTally } from './transfer-tally.ts';
import { type WriteOptions, writeBundle } from './write-bundle.ts';

/** Where the blobs come from, who is notified, and the size of the parts. */
export interface WriteFileOptions extends Omit<WriteOptions, 'onBytes'>, BundleFileOptions {
  /** Whether a blob is copied from a local layout instead of downloaded; reported before the first transfer. */
  readonly isReused?: ((blob: Descriptor) => boolean) | undefined;
}

/** A bundle that was written. */
export interface WrittenFile {
  /** The absolute path of the bundle, or of its first part. */
  readonly path: string;
  /** The absolute paths of the parts; undefined for a single file. */
  readonly parts?: readonly string[];
  readonly transferred: TransferredBytes;
}

/**
 * Writes a planned bundle to a file, or to parts. It resumes what an interrupted run with the same plan has written, and
 * takes blobs from what one with a different plan has left. The final name appears only when the bundle is complete.
 *
 * @throws AirgapError `DISK`, `CONTENT`, and what the sources throw
 */
export async function writeBundleFile(
  path: string,
  plan: BundlePlan,
  options: WriteFileOptions,
): Promise<WrittenFile> {
  const { signal, partSize, onEvent } = options;
  await using file = await BundleFile.open(path, plan, { signal, partSize });
  const { names, resumed } = file;
  await using previous = await openPrevious(names);
  const local = (content: BlobRef): BlobSource[] => (previous?.contains(content.blob) ? [previous] : []);
  const sourcesOf = (content: BlobRef) => [...local(content), ...options.sourcesOf(content)];
  const tally = new TransferTally(previous);
  onEvent?.({ type: 'phase', phase: 'move' });
  reportReused(plan, blob => previous?.contains(blob) === true || options.isReused?.(blob) === true, onEvent);
  try {
    await writeBundle(file, plan, { ...options, sourcesOf, onBytes: tally.add });
    signal.throwIfAborted();
    onEvent?.({ type: 'phase', phase: 'finish' });
    await file.commit();
  } catch (thrown) {
    const error = diskError(thrown, path);
    if (error instanceof AirgapError && error.code === 'DISK') file.discard();
    if (!file.isResumable) throw error;
    const [partial = ''] = names.partials;
    const kept = keptText(partial, file.resumableBytes, bytesToTransfer(plan));
    if (isInterrupted(error))
      throw interruptedBuild(kept, partSize === undefined ? partial : `${path}.*.partial`);
    onEvent?.({ type: 'notice', message: `${kept}; run the same command again to resume` });
    throw error;
  }
  return {
    path: resolve(names.first),
    ...(partSize === undefined ? {} : { parts: names.files.map(name => resolve(name)) }),
    transferred: tally.total(resumed, plan.size - bytesToTransfer(plan)),
  };
}

function keptText(partial: string, kept: number, total: number): string {
  return `${formatBytes(kept)} of ${formatBytes(total)} are kept in ${partial}`;
}

/** @param partials the partial files, as a pattern of the shell without its last `*` */
function interruptedBuild(kept: string, partials: string): AirgapError {
  return new AirgapError('INTERRUPTED', `interrupted: ${kept}`, {
    hint: `Run the same command again to resume, or remove ${partials}* to give up.`,
  });
}

/** Reports the blobs that need no download. */
export function reportReused(
  { entries }: BundlePlan,
  isReused: (blob: Descriptor) => boolean,
  onEvent: OnEvent | undefined,
): void {
  for (const { content } of entries) {
    if (content.bytes !== undefined || !isReused(content.blob)) continue;
    const { digest, size } = content.blob;
    onEvent?.({ type: 'blob-reused', digest, size, image: content.from.toString() });
  }
}

/** The size of the blobs that are not in memory, in bytes. */
export function bytesToTransfer({ entries }: BundlePlan): number {
  return entries.reduce((sum, { content, size }) => sum + (content.bytes ? 0 : size), 0);
}
