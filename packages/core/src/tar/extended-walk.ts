import { AirgapError } from '../model/errors.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { checkSize, ExtendedHeaders, isExtension } from './extended-headers.ts';
import { padded } from './header.ts';
import { type PlacedEntry, readEntry } from './walk.ts';

/**
 * Reads a tar of any program, from header to header: long names and large sizes may be in pax or GNU headers, which are
 * no entries of their own.
 *
 * @returns the offset of the end-of-archive marker
 * @throws AirgapError `BUNDLE` for an invalid header, content beyond the end of the file, or a missing end marker
 */
export async function* walkExtendedTar(file: RandomAccess): AsyncGenerator<PlacedEntry, number> {
  const headers = new ExtendedHeaders();
  for (let at = 0; ; ) {
    const entry = await nextEntry(file, at, headers).catch(error => {
      throw error instanceof AirgapError ? error.withContext({ path: file.location }) : error;
    });
    if (!entry) return at;
    if (!isExtension(entry)) yield entry;
    at = entry.offset + padded(entry.size);
  }
}

async function nextEntry(
  file: RandomAccess,
  at: number,
  headers: ExtendedHeaders,
): Promise<PlacedEntry | undefined> {
  const entry = await readEntry(file, at, header => headers.apply(header));
  if (!entry) headers.end();
  else if (isExtension(entry)) headers.add(entry, await content(file, entry));
  return entry;
}

async function content(file: RandomAccess, entry: PlacedEntry): Promise<Buffer> {
  checkSize(entry);
  const { name, offset, size } = entry;
  const bytes = Buffer.alloc(size);
  if (await readFully(file, bytes, offset)) return bytes;
  throw new AirgapError('BUNDLE', `invalid tar: extended header ${name} ends early`, {
    hint: 'Fetch the file again.',
  });
}
