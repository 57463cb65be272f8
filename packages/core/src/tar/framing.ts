import { writeAll } from '../fs/write-all.js';
import { encodeHeader, padded, TRAILER_SIZE } from './header.ts';
import type { TarPlan } from './plan.ts';
import type { PlacedEntry } from './walk.ts';

/** Writes everything between the contents: headers, padding and the end. Where a build goes on, all may be damaged. */
export function writeHeaders(fd: number, { entries, size }: TarPlan): void {
  for (const { header, headerOffset, offset, size: length } of entries) {
    writeAll(fd, header, headerOffset);
    writeAll(fd, Buffer.alloc(padded(length) - length), offset + length);
  }
  writeAll(fd, Buffer.alloc(TRAILER_SIZE), size - TRAILER_SIZE);
}

/** Anything whose bytes can be read at an offset. */
interface Readable {
  bytes(offset: number, size: number): Promise<Buffer>;
}

/** What is wrong around the content of an entry: no digest covers these bytes, but there is one way to write them. */
export async function headerProblem(file: Readable, entry: PlacedEntry): Promise<string | undefined> {
  const { name, size, mtime, offset, headerOffset } = entry;
  const header = await file.bytes(headerOffset, offset - headerOffset);
  if (!header.equals(encodeHeader(name, size, mtime))) return 'its header is not as a build writes it';
  const padding = await file.bytes(offset + size, padded(size) - size);
  return padding.some(byte => byte !== 0) ? 'there are foreign bytes in its padding' : undefined;
}
