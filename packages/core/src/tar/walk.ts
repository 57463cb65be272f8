import type { FileHandle } from 'node:fs/promises';
import { AirgapError } from '../model/errors.ts';
import { BLOCK, decodeHeader, padded, type TarEntry } from './header.ts';

const MAGICS = { gzip: Buffer.from('1f8b', 'hex'), zstd: Buffer.from('28b52ffd', 'hex') };

/** A tar entry with its position. Offsets are bytes from the start of the file. */
export interface PlacedEntry extends TarEntry {
  readonly headerOffset: number;
  readonly offset: number;
}

/**
 * Reads a tar from header to header, skipping the contents.
 *
 * @param path of the file, for errors
 * @param fileSize in bytes
 * @returns the offset of the end-of-archive marker
 * @throws AirgapError `BUNDLE` for an invalid header, content beyond the end of the file, or a missing end marker
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
  if (end > fileSize)
    throw truncated(`entry ${entry.name} ends at byte ${end}, the file has ${fileSize} bytes`, at);
  return { ...entry, headerOffset: at, offset };
}

async function readBlock(file: FileHandle, at: number, fileSize: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
  if (bytesRead === BLOCK) return buffer;
  if (at === 0) throw notTar('too short');
  throw truncated(`the file ends at byte ${fileSize} without an end-of-archive marker`, at);
}

function decodeAt(block: Buffer, at: number): TarEntry | undefined {
  try {
    return decodeHeader(block);
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    if (at === 0) throw notTar(compression(block) ?? error.message);
    throw new AirgapError('BUNDLE', `${error.message} (at byte ${at})`, { hint: 'Fetch the bundle again.' });
  }
}

function compression(block: Buffer): string | undefined {
  const magic = Object.entries(MAGICS).find(([, bytes]) => block.subarray(0, bytes.length).equals(bytes));
  return magic && `compressed with ${magic[0]}`;
}

function notTar(reason: string): AirgapError {
  return new AirgapError('BUNDLE', `not a tar file: ${reason}`, {
    hint: 'Pass the unmodified .tar that airgap build wrote.',
  });
}

function truncated(reason: string, at: number): AirgapError {
  return new AirgapError('BUNDLE', `truncated tar: ${reason} (at byte ${at})`, {
    hint: 'Fetch the bundle again.',
  });
}
