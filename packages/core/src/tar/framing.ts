import { writeAll } from '../fs/write-all.js';
import { encodeHeader, padded, TRAILER_SIZE } from './header.ts';
import type { TarPlan } from './plan.ts';
import type { PlacedEntry } from './walk.ts';

/** Writes headers, padding and the end marker. A resumed build rewrites them all, because any may be damaged. */
export function writeHeaders(fd: number, { entries, size }: TarPlan): void {
  for (const { header, headerOffset, offset, size: length } of entries) {
    writeAll(fd, header, headerOffset);
    writeAll(fd, Buffer.alloc(padded(length) - length), offset + length);
  }
  writeAll(fd, Buffer.alloc(TRAILER_SIZE), size - TRAILER_SIZE);
}

/** A file whose bytes can be read at an offset. */
interface Readable {
  bytes(offset: number, size: number): Promise<Buffer>;
}

/** Checks the header and padding of an entry: no digest covers them, but their canonical form is known. @returns the problem */
export async function headerProblem(file: Readable, entry: PlacedEntry): Promise<string | undefined> {
  const { name, size, mtime, offset, headerOffset } = entry;
  const header = await file.bytes(headerOffset, offset - headerOffset);
  if (!header.equals(encodeHeader(name, size, mtime))) return 'non-canonical tar header';
  const padding = await file.bytes(offset + size, padded(size) - size);
  return padding.some(byte => byte !== 0) ? 'non-zero padding' : undefined;
}
