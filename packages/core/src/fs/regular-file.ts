import { open, stat } from 'node:fs/promises';
import { AirgapError } from '../model/errors.ts';
import { fileReadError } from './file-read-error.ts';

/**
 * Reads a regular file completely.
 *
 * @param what names the file for the user, for example `the public key`
 * @param limit in bytes
 * @throws AirgapError `INPUT` when it cannot be read, is not a regular file, or is larger
 */
export async function readRegularFile(what: string, path: string, limit: number): Promise<Buffer> {
  const failed = (cause: unknown) => {
    throw fileReadError(what, path, cause);
  };
  // Opening a pipe would block until a writer opens it.
  if (!(await stat(path).catch(failed)).isFile()) throw unusable(what, path, 'it is not a regular file');
  await using file = await open(path, 'r').catch(failed);
  const { size } = await file.stat().catch(failed);
  if (size > limit) throw unusable(what, path, `it has ${size} bytes, the limit is ${limit}`);
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, at, size - at, at).catch(failed);
    if (bytesRead === 0) throw unusable(what, path, 'it became shorter while it was read');
    at += bytesRead;
  }
  return buffer;
}

/** The error for a file that cannot be used. @param reason for example `it is not a regular file` */
export function unusable(what: string, path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `${what} cannot be read: ${reason}`, {
    where: { path },
    hint: 'Check the path.',
  });
}
