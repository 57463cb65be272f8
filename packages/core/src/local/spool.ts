import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { checkSpace, diskError } from '../bundle/file/disk.ts';
import { writeAll } from '../fs/write-all.js';
import type { ReadOutput } from '../process/run-program.ts';
import { FileAccess } from '../store/file-access.ts';

export interface SpoolOptions {
  /** The start of the path of the temporary file. */
  readonly path: string;
  /** About how many bytes are written. */
  readonly size: number;
  /** What is written, for errors. */
  readonly what: string;
}

/**
 * Writes a stream to a temporary file, which a tar needs to be read at any offset. The file loses its name as soon as it
 * is open: nothing remains of it, however the program ends.
 *
 * @throws AirgapError `DISK`, and what `write` throws
 */
export async function spool(
  { path, size, what }: SpoolOptions,
  write: (output: ReadOutput) => Promise<void>,
): Promise<FileAccess> {
  await checkSpace(path, size, what);
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(temporary, 'wx+', 0o600).catch(cause => {
    throw diskError(cause, path, what);
  });
  try {
    await rm(temporary, { force: true });
    await write(stdout => writeStream(file.fd, stdout));
    return await FileAccess.of(file, what);
  } catch (error) {
    await file.close();
    throw diskError(error, path, what);
  }
}

async function writeStream(fd: number, stream: Readable): Promise<void> {
  let at = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    writeAll(fd, chunk, at);
    at += chunk.length;
  }
}
