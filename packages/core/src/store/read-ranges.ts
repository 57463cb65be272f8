import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { BlobWriter, FilePart } from './blob-writer.ts';
import { type RandomAccess, slice } from './random-access.ts';
import type { Range } from './ranges.ts';

/** In bytes. */
const READ_SIZE = 256 * 1024;

/** Each copy of a complete blob occupies a core. */
const copyLimit = pLimit(availableParallelism());

/**
 * Writes ranges of some bytes into a writer, each byte once, into the same memory over and over. Writes fewer bytes if
 * the source ends early; the caller verifies the size.
 */
export async function readRanges(
  bytes: RandomAccess,
  wanted: readonly Range[],
  into: Pick<BlobWriter, 'write' | 'copyFrom'>,
): Promise<void> {
  const file = completeFile(bytes, wanted);
  if (file && into.copyFrom) return copyLimit(() => into.copyFrom?.(file));
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  for (const { start, end } of wanted) {
    await using range = slice(bytes, { start, end });
    for (let at = start; at < end; ) {
      const read = await range.read(buffer.subarray(0, Math.min(READ_SIZE, end - at)), at - start);
      if (read === 0) return;
      await into.write(buffer.subarray(0, read), at);
      at += read;
    }
  }
}

/** Reads all bytes from start to end. Chunks may be kept. */
export async function* readInOrder(bytes: RandomAccess): AsyncGenerator<Uint8Array> {
  await using all = slice(bytes, { start: 0, end: bytes.size });
  for (let at = 0; ; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, bytes.size - at));
    const read = await all.read(buffer, at);
    if (read === 0) return;
    yield buffer.subarray(0, read);
    at += read;
  }
}

/** The one local file that holds all bytes, if all are wanted. */
function completeFile(bytes: RandomAccess, wanted: readonly Range[]): FilePart | undefined {
  const [range] = wanted;
  if (range === undefined || range.start !== 0 || range.end !== bytes.size) return undefined;
  const files = bytes.files?.(range) ?? [];
  return files.length === 1 ? files[0] : undefined;
}

/** Fills a buffer. @returns whether there were enough bytes */
export async function readFully(bytes: RandomAccess, buffer: Uint8Array, at: number): Promise<boolean> {
  for (let filled = 0; filled < buffer.length; ) {
    const read = await bytes.read(buffer.subarray(filled), at + filled);
    if (read === 0) return false;
    filled += read;
  }
  return true;
}
