import { AirgapError } from '../model/errors.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { Ranges } from '../store/ranges.ts';
import type { BlobRef, BundleEntry, BundlePlan } from './entry-content.ts';
import type { BundleFile } from './file/bundle-file.ts';
import { diskError } from './file/disk.ts';

/** Where the blobs come from, and who is notified. */
export interface WriteOptions {
  readonly source: ImageSource;
  /** The path of the bundle, for errors. */
  readonly path: string;
  readonly onEvent: OnEvent;
  /** Called when a transfer fails, to stop all others. */
  readonly stop: (reason: unknown) => void;
}

type BlobEntry = BundleEntry & { readonly content: BlobRef };

/**
 * Writes the content of every entry at its offset, blobs concurrently and the largest first. The first failure stops
 * all transfers and is thrown once they have settled.
 *
 * @throws AirgapError `DISK`, `CONTENT`, and what the source throws
 */
export async function writeEntries(file: BundleFile, plan: BundlePlan, options: WriteOptions): Promise<void> {
  try {
    for (const { content, offset } of plan.entries) if (content.bytes) file.write(content.bytes, offset);
    await writeBlobs(file, plan, options);
  } catch (error) {
    throw diskError(error, options.path);
  }
}

async function writeBlobs(file: BundleFile, plan: BundlePlan, options: WriteOptions): Promise<void> {
  const blobs = plan.entries.filter((entry): entry is BlobEntry => entry.content.bytes === undefined);
  blobs.sort((a, b) => b.size - a.size);
  let failed: { error: unknown } | undefined;
  const write = async (entry: BlobEntry) => {
    try {
      await fetchBlob(file, entry, options);
    } catch (error) {
      failed ??= { error };
      options.stop(error);
    }
  };
  await Promise.all(blobs.map(write));
  if (failed) throw failed.error;
}

/** Retries once after a digest or size mismatch: a damaged cache may be bypassed, damaged storage not. */
async function fetchBlob(
  file: BundleFile,
  entry: BlobEntry,
  { source, onEvent }: WriteOptions,
): Promise<void> {
  const { from, blob } = entry.content;
  const { digest, size } = blob;
  const existing = file.existing(entry);
  try {
    await copyBlob(source, from, blob, file.sink(entry, existing), onEvent, existing);
  } catch (error) {
    if (!isContentError(error)) throw error;
    file.forget(entry);
    onEvent({ type: 'notice', message: `${digest}: ${error.message}; retrying once` });
    await retryBlob(file, entry, source, onEvent);
  }
  onEvent({ type: 'blob-finished', digest, size });
}

async function retryBlob(
  file: BundleFile,
  entry: BlobEntry,
  source: ImageSource,
  onEvent: OnEvent,
): Promise<void> {
  const { from, blob } = entry.content;
  try {
    await copyBlob(source, from, blob, file.sink(entry, new Ranges()), onEvent);
  } catch (error) {
    if (isContentError(error)) file.forget(entry);
    throw error;
  }
}

function isContentError(error: unknown): error is AirgapError {
  return error instanceof AirgapError && error.code === 'CONTENT';
}
