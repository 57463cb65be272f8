import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Puts new content in a file's place: whoever reads it at any moment sees the old one or the new one. A link to the
 * file stays one.
 *
 * @param mode of the file; left out, an old file's stays, and a new one has what the process gives
 * @throws what the file system throws, and an error for a path that is no file
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const old = await stat(target).catch(() => undefined);
  if (old && !old.isFile()) throw new Error('it is a folder, a device or a pipe');
  const fresh = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const permissions = mode ?? (old && old.mode & 0o7777);
  try {
    const file = await open(fresh, 'wx', permissions === undefined ? 0o666 : 0o600);
    try {
      await file.writeFile(content);
      if (permissions !== undefined) await file.chmod(permissions);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
