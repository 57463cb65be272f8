import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { writeAll } from '../fs/write-all.js';

/**
 * Opens a new file for what must be read at any offset. It loses its name at once: nothing remains of it, however the
 * program ends.
 *
 * @param prefix the start of its path
 * @throws system errors
 */
export async function openTemporary(prefix: string): Promise<FileHandle> {
  const path = `${prefix}.${randomBytes(8).toString('hex')}`;
  const file = await open(path, 'wx+', 0o600);
  await rm(path, { force: true });
  return file;
}

/** Writes chunks from the start of a file. @throws system errors, and what `chunks` throws */
export async function writeChunks(file: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let at = 0;
  for await (const chunk of chunks) {
    writeAll(file.fd, chunk, at);
    at += chunk.length;
  }
}
