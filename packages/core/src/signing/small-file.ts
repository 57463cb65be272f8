import { open, stat } from 'node:fs/promises';
import { fileExists } from '../fs/file-exists.ts';
import { fileReadError } from '../fs/file-read-error.ts';
import { AirgapError } from '../model/errors.ts';
import { isUrl, shownPath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { readObject } from '../objects/read/open-object.ts';

/**
 * Reads a small file completely: a key, a signature, checksums.
 *
 * @param what names the file for the user, for example `the public key`
 * @param path may be a URL if there are options for it
 * @param limit in bytes
 * @throws AirgapError `INPUT` when it cannot be read, is not a regular file, or is larger
 */
export async function readSmall(
  what: string,
  path: string,
  limit: number,
  remote?: ObjectOptions,
): Promise<Buffer> {
  if (!remote || !isUrl(path)) return readLocal(what, path, limit);
  const bytes = await readObject(path, limit, remote);
  if (bytes === undefined) throw unusable(what, shownPath(path), 'it does not exist, or access is denied');
  return bytes;
}

/** Reads a small file, as {@link readSmall}; undefined when it is missing. */
export async function readIfPresent(
  what: string,
  path: string,
  limit: number,
  remote: ObjectOptions,
): Promise<Buffer | undefined> {
  if (isUrl(path)) return readObject(path, limit, remote);
  return (await fileExists(path)) ? readLocal(what, path, limit) : undefined;
}

async function readLocal(what: string, path: string, limit: number): Promise<Buffer> {
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

function unusable(what: string, path: string, reason: string): AirgapError {
  return new AirgapError('INPUT', `${what} cannot be read: ${reason}`, {
    where: { path },
    hint: 'Check the path.',
  });
}
