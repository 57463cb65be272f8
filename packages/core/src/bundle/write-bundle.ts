import { runAll } from '../model/run-all.ts';
import { type CopyOptions, copyBlob } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { BlobSource } from '../store/image-source.ts';
import { paddingOf, writeFraming } from '../tar/framing.ts';
import { TRAILER_SIZE } from '../tar/header.ts';
import type { TarTarget } from '../tar/target.ts';
import type { BlobRef, BundleEntry, BundlePlan } from './entry-content.ts';

/** Where the blobs come from, and who is notified. */
export interface WriteOptions {
  /** The sources of a blob, in the order in which they are tried. */
  readonly sourcesOf: (content: BlobRef) => readonly BlobSource[];
  readonly onEvent?: OnEvent | undefined;
  /** Receives the number of bytes that a source has sent. */
  readonly onBytes?: CopyOptions['onBytes'];
  /** Called when a transfer fails, to stop all others. */
  readonly stop?: ((reason: unknown) => void) | undefined;
}

type BlobEntry = BundleEntry & { readonly content: BlobRef };

/**
 * Writes a planned bundle to a target: if that accepts any order, blobs concurrently and the largest first, else from
 * the first byte to the last. The first failure stops all transfers and is thrown once they have settled.
 *
 * @throws AirgapError `CONTENT`, and what sources and target throw
 */
export async function writeBundle(target: TarTarget, plan: BundlePlan, options: WriteOptions): Promise<void> {
  if (target.order === 'sequential') return writeSequentially(target, plan, options);
  await writeFraming(target, plan);
  for (const { content, offset } of plan.entries)
    if (content.bytes) await target.write(content.bytes, offset);
  const blobs = plan.entries.filter(isBlob).sort((a, b) => b.size - a.size);
  for (const entry of blobs) reportResumed(target, entry, options);
  await runAll(blobs, options.stop, entry => writeBlob(target, entry, options));
}

async function writeSequentially(target: TarTarget, plan: BundlePlan, options: WriteOptions): Promise<void> {
  await writeEntries(target, plan.entries, options);
  await writeTrailer(target, plan);
}

/** Writes entries in their order, each from its header to its padding. @throws as {@link writeBundle} */
export async function writeEntries(
  target: TarTarget,
  entries: readonly BundleEntry[],
  options: WriteOptions,
): Promise<void> {
  for (const entry of entries) {
    await target.write(entry.header, entry.headerOffset);
    if (isBlob(entry)) await writeBlob(target, entry, options);
    else await target.write(entry.content.bytes ?? Buffer.alloc(0), entry.offset);
    await target.write(paddingOf(entry), entry.offset + entry.size);
  }
}

/** Writes the end-of-archive marker. */
export async function writeTrailer(target: TarTarget, { size }: Pick<BundlePlan, 'size'>): Promise<void> {
  await target.write(Buffer.alloc(TRAILER_SIZE), size - TRAILER_SIZE);
}

/** Reports what an interrupted build has written of a blob, if anything. */
function reportResumed(target: TarTarget, entry: BlobEntry, { onEvent }: WriteOptions): void {
  const { blob, images } = entry.content;
  const { digest, size } = blob;
  const [image = ''] = images;
  const received = target.writer(entry).written.size;
  if (received > 0) onEvent?.({ type: 'blob-resumed', digest, received, size, image });
}

async function writeBlob(
  target: TarTarget,
  entry: BlobEntry,
  { sourcesOf, onEvent, onBytes }: WriteOptions,
): Promise<void> {
  const { blob, images } = entry.content;
  await copyBlob(sourcesOf(entry.content), blob, target.writer(entry), {
    images: [...images],
    onEvent,
    onBytes,
  });
}

function isBlob(entry: BundleEntry): entry is BlobEntry {
  return entry.content.bytes === undefined;
}
