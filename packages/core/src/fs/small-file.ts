import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { AirgapError } from '../model/errors.ts';
import { fileReadError } from './file-read-error.ts';

/** The size limit of a text file that a flag names, in bytes. */
const MAX_TEXT = 16 * 1024 * 1024;

/**
 * Reads a text file of any kind: a regular one, a pipe, a device.
 *
 * @param what names the file for the user, for example `the license`
 * @throws AirgapError `INPUT` when it cannot be read, or is larger than 16 MiB
 */
export async function readTextFile(what: string, path: string): Promise<string> {
  const bytes = await readBytes(path, MAX_TEXT).catch(cause => {
    throw cause instanceof AirgapError ? cause : fileReadError(what, path, cause);
  });
  if (bytes.length <= MAX_TEXT) return bytes.toString('utf8');
  throw new AirgapError('INPUT', `${what} cannot be read: it is larger than ${MAX_TEXT} bytes`, {
    where: { path },
    hint: 'Check the path.',
  });
}

/** Reads a file or a pipe. @returns at most one byte more than `limit` @throws file system errors, and as {@link readPipe} */
export async function readBytes(path: string, limit: number): Promise<Buffer> {
  if ((await stat(path)).isFIFO()) return readPipe(path, limit);
  await using file = await open(path);
  return await readFrom(file, limit);
}

/** Reads an open file from its start. @returns at most one byte more than `limit` */
export async function readFrom(file: FileHandle, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let size = 0; size <= limit; ) {
    const buffer = Buffer.alloc(Math.min(64 * 1024, limit + 1 - size));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    size += bytesRead;
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a pipe, as shells make them for `<(command)`. Opening one must not wait for a writer that never comes.
 *
 * @returns at most one byte more than `limit`, or the chunk that exceeds it
 * @throws AirgapError `INPUT` for an empty pipe, or one without a writer
 */
export async function readPipe(path: string, limit: number): Promise<Buffer> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const start = readAvailable(fd);
  if (start?.length === 0) {
    closeSync(fd);
    throw new AirgapError('INPUT', 'the pipe is empty, or no program writes to it', {
      where: { path },
      hint: 'Start the program that writes to it first, or pass its output on standard input.',
    });
  }
  const chunks = start ? [start] : [];
  let size = start?.length ?? 0;
  for await (const chunk of new Socket({ fd, writable: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  return Buffer.concat(chunks);
}

/** What a pipe has at the moment: nothing if all writers are gone, undefined if they have written nothing yet. */
function readAvailable(fd: number): Buffer | undefined {
  const buffer = Buffer.alloc(64 * 1024);
  try {
    return buffer.subarray(0, readSync(fd, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
