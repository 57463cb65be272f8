import type { Source } from '../content/source.ts';
import { AirgapError } from '../errors.ts';
import type { OnEvent } from '../events.ts';
import type { BundleFile } from './bundle-file.ts';
import { diskError } from './disk.ts';
import type { Layout, Slot } from './layout.ts';
import { type BlobContent, transfer } from './transfer.ts';

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
 */
export async function fill(file: BundleFile, layout: Layout, options: FillOptions): Promise<void> {
  for (const slot of layout.slots)
    if (slot.content.bytes) await fillBytes(file, slot, slot.content.bytes, options.path);
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

async function fillBytes(file: BundleFile, slot: Slot, bytes: Uint8Array, path: string): Promise<void> {
  const sink = file.sink(slot.offset);
  try {
    await sink.write(bytes);
    await sink.end();
  } catch (error) {
    throw diskError(error, path);
  }
}

/** Bytes that arrive wrong are asked for once more: a broken cache may be passed over, broken storage will not. */
async function fillBlob(file: BundleFile, slot: BlobSlot, options: FillOptions): Promise<void> {
  const { digest, size } = slot.content.blob;
  try {
    await fillOnce(file, slot, options);
  } catch (error) {
    if (!(error instanceof AirgapError && error.code === 'CONTENT')) throw error;
    options.onEvent({ type: 'notice', message: `${digest}: ${error.message}; asking once more` });
    await fillOnce(file, slot, options);
  }
  options.onEvent({ type: 'blob-finished', digest, size });
}

async function fillOnce(
  file: BundleFile,
  { content, offset }: BlobSlot,
  { source, path, onEvent }: FillOptions,
): Promise<void> {
  const sink = file.sink(offset);
  try {
    await transfer(source, content, sink, onEvent);
    await sink.end();
  } catch (error) {
    await sink.abandon();
    throw diskError(error, path);
  }
}
