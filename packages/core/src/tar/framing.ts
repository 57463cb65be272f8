import { writeAll } from '../fs/write-all.js';
import type { Layout } from './plan.ts';
import type { BundleReader } from '../bundle/reader.ts';
import { encodeHeader, padded, TRAILER_SIZE } from './header.ts';
import type { PlacedEntry } from './walk.ts';

/** Writes everything between the contents: headers, padding and the end. Where a build goes on, all may be damaged. */
export function writeFrame(fd: number, { slots, size }: Layout): void {
  for (const { header, headerOffset, offset, size: length } of slots) {
    writeAll(fd, header, headerOffset);
    writeAll(fd, Buffer.alloc(padded(length) - length), offset + length);
  }
  writeAll(fd, Buffer.alloc(TRAILER_SIZE), size - TRAILER_SIZE);
}

/** What is wrong around the content of an entry: no digest covers these bytes, but there is one way to write them. */
export async function frameProblem(bundle: BundleReader, entry: PlacedEntry): Promise<string | undefined> {
  const { name, size, mtime, offset, headerOffset } = entry;
  const header = await bundle.bytes(headerOffset, offset - headerOffset);
  if (!header.equals(encodeHeader(name, size, mtime))) return 'its header is not as a build writes it';
  const padding = await bundle.bytes(offset + size, padded(size) - size);
  return padding.some(byte => byte !== 0) ? 'there are foreign bytes in its padding' : undefined;
}
