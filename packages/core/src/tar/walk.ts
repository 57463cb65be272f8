import { AirgapError } from '../model/errors.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { fileKind } from './file-kind.ts';
import { BLOCK, decodeHeader, padded, type TarEntry } from './header.ts';

/** A tar entry with its position. Offsets are bytes from the start of the file. */
export interface PlacedEntry extends TarEntry {
  readonly headerOffset: number;
  readonly offset: number;
  /** Set when extended headers precede its own. */
  readonly isExtended?: boolean;
}

/**
 * Reads a tar as a build writes it from header to header, skipping the contents. Extended headers are entries like others.
 *
 * @returns the offset of the end-of-archive marker
 * @throws AirgapError `BUNDLE` for an invalid header, content beyond the end of the file, or a missing end marker
 */
export async function* walkTar(file: RandomAccess): AsyncGenerator<PlacedEntry, number> {
  for (let at = 0; ; ) {
    const entry = await readEntry(file, at).catch(error => {
      throw error instanceof AirgapError ? error.withContext({ path: file.location }) : error;
    });
    if (!entry) return at;
    yield entry;
    at = entry.offset + padded(entry.size);
  }
}

/**
 * Reads the header at an offset; the end-of-archive marker returns undefined.
 *
 * @param complete adds what precedes the header
 * @throws AirgapError as {@link walkTar}
 */
export async function readEntry(
  file: RandomAccess,
  at: number,
  complete: (header: TarEntry) => TarEntry = header => header,
): Promise<PlacedEntry | undefined> {
  const header = decodeAt(await readBlock(file, at), at);
  if (!header) return undefined;
  const entry = complete(header);
  const offset = at + BLOCK;
  const end = offset + padded(entry.size);
  if (end > file.size)
    throw truncated(`entry ${entry.name} ends at byte ${end}, the file has ${file.size} bytes`, at);
  return { ...entry, headerOffset: at, offset };
}

/** Whether a file starts with an entry. One that does not is no tar, and is not read further. */
export async function startsWithEntry(file: RandomAccess): Promise<boolean> {
  try {
    return (await readEntry(file, 0)) !== undefined;
  } catch (error) {
    if (error instanceof AirgapError && error.code === 'BUNDLE') return false;
    throw error;
  }
}

async function readBlock(file: RandomAccess, at: number): Promise<Buffer> {
  const block = Buffer.alloc(BLOCK);
  if (await readFully(file, block, at)) return block;
  if (at === 0) throw notTar(block, 'too short');
  throw truncated(`the file ends at byte ${file.size} without an end-of-archive marker`, at);
}

/**
 * Decodes the header at an offset; the end-of-archive marker returns undefined.
 *
 * @throws AirgapError `BUNDLE` for an invalid header; at the start, it says what the file is instead
 */
export function decodeAt(block: Buffer, at: number): TarEntry | undefined {
  try {
    return decodeHeader(block);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    if (at === 0) throw notTar(block, error.message);
    throw new AirgapError('BUNDLE', `${error.message} (at byte ${at})`, { hint: 'Fetch the bundle again.' });
  }
}

function notTar(start: Buffer, reason: string): AirgapError {
  const kind = fileKind(start);
  return new AirgapError('BUNDLE', `not a tar file: ${kind?.name ?? reason}`, {
    hint: kind?.hint ?? 'Pass the unmodified .tar that airgap build wrote.',
  });
}

function truncated(reason: string, at: number): AirgapError {
  return new AirgapError('BUNDLE', `truncated tar: ${reason} (at byte ${at})`, {
    hint: 'Fetch the bundle again.',
  });
}
