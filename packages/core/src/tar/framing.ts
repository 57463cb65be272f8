import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { isCanonical, padded, TRAILER_SIZE } from './header.ts';
import type { PlannedEntry, TarPlan } from './plan.ts';
import type { TarTarget } from './target.ts';
import type { PlacedEntry } from './walk.ts';

/** The zeros after the content of an entry, up to the next block. */
export function paddingOf({ size }: Pick<PlannedEntry, 'size'>): Buffer {
  return Buffer.alloc(padded(size) - size);
}

/** Writes everything between the contents: headers, padding and the end. A resumed file may have it damaged. */
export async function writeFraming(target: TarTarget, { entries, size }: TarPlan): Promise<void> {
  for (const entry of entries) {
    await target.write(entry.header, entry.headerOffset);
    await target.write(paddingOf(entry), entry.offset + entry.size);
  }
  await target.write(Buffer.alloc(TRAILER_SIZE), size - TRAILER_SIZE);
}

/** Checks the header and the padding of an entry: no digest covers them, but their only valid form is known. */
export async function framingProblem(file: RandomAccess, entry: PlacedEntry): Promise<string | undefined> {
  const { size, offset, headerOffset } = entry;
  const header = await bytesOf(file, headerOffset, offset - headerOffset);
  if (!isCanonical(header, entry)) return 'non-canonical header';
  const padding = await bytesOf(file, offset + size, padded(size) - size);
  return padding.some(byte => byte !== 0) ? 'non-zero bytes in the padding' : undefined;
}

async function bytesOf(file: RandomAccess, at: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  await readFully(file, bytes, at);
  return bytes;
}
