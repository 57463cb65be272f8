import { fileExists } from '../fs/file-exists.ts';
import { readRegularFile, unusable } from '../fs/regular-file.ts';
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
  if (!remote || !isUrl(path)) return readRegularFile(what, path, limit);
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
  return (await fileExists(path)) ? readRegularFile(what, path, limit) : undefined;
}
