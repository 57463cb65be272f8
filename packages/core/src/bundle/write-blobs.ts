import { AirgapError } from '../model/errors.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { Ranges } from '../store/ranges.ts';
import type { BlobRef, BundleEntry, BundlePlan } from './entry-content.ts';
import type { BundleFile } from './file/bundle-file.ts';
import { diskError } from './file/disk.ts';

export interface WriteOptions {
  readonly source: ImageSource;
  /** The path under which errors name the file. */
  readonly path: string;
  readonly onEvent: OnEvent;
  /** Called when a transfer has failed, to stop all others. */
  readonly stop: (reason: unknown) => void;
}

type BlobEntry = BundleEntry & { readonly content: BlobRef };

/**
 * Fills every entry of a bundle, blobs concurrently and the largest first, each straight to its place. The first
 * failure stops all and is thrown once everything has come to rest.
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
  const one = async (entry: BlobEntry) => {
    try {
      await fetchBlob(file, entry, options);
    } catch (error) {
      failed ??= { error };
      options.stop(error);
    }
  };
  await Promise.all(blobs.map(one));
  if (failed) throw failed.error;
}

/** Bytes that arrive wrong are asked for once more: a broken cache may be passed over, broken storage will not. */
async function fetchBlob(
  file: BundleFile,
  entry: BlobEntry,
  { source, onEvent }: WriteOptions,
): Promise<void> {
  const { from, blob } = entry.content;
  const { digest, size } = blob;
  const had = file.existing(entry);
  try {
    await copyBlob(source, from, blob, file.sink(entry, had), onEvent, had);
  } catch (error) {
    if (!(error instanceof AirgapError && error.code === 'CONTENT')) throw error;
    file.forget(entry);
    onEvent({ type: 'notice', message: `${digest}: ${error.message}; asking once more` });
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
    if (error instanceof AirgapError && error.code === 'CONTENT') file.forget(entry);
    throw error;
  }
}
