import type { FileHandle } from 'node:fs/promises';
import { AirgapError } from '../model/errors.ts';
import { BLOCK, decodeHeader, padded, type TarEntry } from './header.ts';

const MAGICS = { gzip: Buffer.from('1f8b', 'hex'), zstd: Buffer.from('28b52ffd', 'hex') };

/** An entry with its place in the file; offsets are bytes from the file's start. */
export interface PlacedEntry extends TarEntry {
  readonly headerOffset: number;
  readonly offset: number;
}

/**
 * Goes from header to header without reading what is between them.
 *
 * @param path of the file, for errors
 * @param fileSize in bytes
 * @returns where the tar's end mark begins
 * @throws AirgapError `BUNDLE` for a damaged header, content that goes beyond the file, or a missing end
 */
export async function* walkTar(
  file: FileHandle,
  path: string,
  fileSize: number,
): AsyncGenerator<PlacedEntry, number> {
  for (let at = 0; ; ) {
    const entry = await readEntry(file, at, fileSize).catch(error => {
      throw error instanceof AirgapError ? error.withContext({ path }) : error;
    });
    if (!entry) return at;
    yield entry;
    at = entry.offset + padded(entry.size);
  }
}

async function readEntry(file: FileHandle, at: number, fileSize: number): Promise<PlacedEntry | undefined> {
  const entry = decodeAt(await readBlock(file, at, fileSize), at);
  if (!entry) return undefined;
  const offset = at + BLOCK;
  const end = offset + padded(entry.size);
  if (end > fileSize) throw cutShort(`entry ${entry.name} needs ${end} bytes, the file has ${fileSize}`, at);
  return { ...entry, headerOffset: at, offset };
}

async function readBlock(file: FileHandle, at: number, fileSize: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
  if (bytesRead === BLOCK) return buffer;
  throw at === 0 ? noTar('it is too short') : cutShort(`it ends at byte ${fileSize} without an end mark`, at);
}

function decodeAt(block: Buffer, at: number): TarEntry | undefined {
  try {
    return decodeHeader(block);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    if (at === 0) throw noTar(compression(block) ?? error.message);
    throw new AirgapError('BUNDLE', `${error.message} (at byte ${at})`, { hint: 'Fetch the bundle again.' });
  }
}

function compression(block: Buffer): string | undefined {
  const magic = Object.entries(MAGICS).find(([, bytes]) => block.subarray(0, bytes.length).equals(bytes));
  return magic && `it is compressed with ${magic[0]}`;
}

function noTar(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `the file is no tar: ${reason}`, {
    hint: 'Name the .tar that airgap build has written, as it was written.',
  });
}

function cutShort(what: string, at: number): AirgapError {
  return new AirgapError('BUNDLE', `the tar is cut short: ${what} (at byte ${at})`, {
    hint: 'It was not copied whole: fetch it again.',
  });
}
