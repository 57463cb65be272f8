import { Ranges } from '../store/ranges.ts';
import type { Source } from '../store/image-source.ts';
import { transfer } from '../store/copy-blob.ts';
import { AirgapError } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';
import type { BundleFile } from './file/bundle-file.ts';
import { diskError } from './file/disk.ts';
import type { BlobContent, Layout, Slot } from '../tar/plan.ts';

export interface FillOptions {
  readonly source: Source;
  /** The path under which errors name the file. */
  readonly path: string;
  readonly onEvent: OnEvent;
  /** Called when a transfer has failed, to stop all others. */
  readonly stop: (reason: unknown) => void;
}

type BlobSlot = Slot & { readonly content: BlobContent };

/**
 * Fills every slot of a bundle, blobs concurrently and the largest first, each straight to its place. The first
 * failure stops all and is thrown once everything has come to rest.
 *
 * @throws AirgapError `DISK`, `CONTENT`, and what the source throws
 */
export async function fill(file: BundleFile, layout: Layout, options: FillOptions): Promise<void> {
  try {
    for (const { content, offset } of layout.slots) if (content.bytes) file.write(content.bytes, offset);
    await fillBlobs(file, layout, options);
  } catch (error) {
    throw diskError(error, options.path);
  }
}

async function fillBlobs(file: BundleFile, layout: Layout, options: FillOptions): Promise<void> {
  const blobs = layout.slots.filter((slot): slot is BlobSlot => slot.content.bytes === undefined);
  blobs.sort((a, b) => b.size - a.size);
  let failed: { error: unknown } | undefined;
  const one = async (slot: BlobSlot) => {
    try {
      await fillBlob(file, slot, options);
    } catch (error) {
      failed ??= { error };
      options.stop(error);
    }
  };
  await Promise.all(blobs.map(one));
  if (failed) throw failed.error;
}

/** Bytes that arrive wrong are asked for once more: a broken cache may be passed over, broken storage will not. */
async function fillBlob(file: BundleFile, slot: BlobSlot, { source, onEvent }: FillOptions): Promise<void> {
  const { from, blob } = slot.content;
  const { digest, size } = blob;
  const had = file.had(slot);
  try {
    await transfer(source, from, blob, file.sink(slot, had), onEvent, had);
  } catch (error) {
    if (!(error instanceof AirgapError && error.code === 'CONTENT')) throw error;
    file.forget(slot);
    onEvent({ type: 'notice', message: `${digest}: ${error.message}; asking once more` });
    await fillAnew(file, slot, source, onEvent);
  }
  onEvent({ type: 'blob-finished', digest, size });
}

async function fillAnew(file: BundleFile, slot: BlobSlot, source: Source, onEvent: OnEvent): Promise<void> {
  const { from, blob } = slot.content;
  try {
    await transfer(source, from, blob, file.sink(slot, new Ranges()), onEvent);
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'CONTENT') file.forget(slot);
    throw error;
  }
}
