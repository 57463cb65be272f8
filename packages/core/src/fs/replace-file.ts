import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assertWritten } from './read-back.ts';
import { resolveExistingPath } from './resolve-existing-path.ts';

/**
 * Replaces a file's content atomically: concurrent readers see the old content or the new one, which is read back before.
 * Symbolic links are followed and stay links.
 *
 * @param mode of the file; without it, an existing file keeps its mode, and a new one gets the process's default
 * @throws file system errors, and an error for a path that is not a regular file
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  await replaceFileWith(path, file => writeAndReadBack(file, content), mode);
}

async function writeAndReadBack(file: FileHandle, content: string | Uint8Array): Promise<void> {
  await file.writeFile(content);
  await file.sync();
  assertWritten(file.fd, Buffer.from(content), 0);
}

/**
 * Replaces a file by a new one like {@link replaceFile}, for content that does not fit into memory. It is not read back.
 *
 * @param write writes the content; when it fails, the existing file stays
 */
export async function replaceFileWith(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  mode?: number,
): Promise<void> {
  const target = await resolveExistingPath(path);
  const existing = await stat(target).catch(() => undefined);
  if (existing && !existing.isFile()) throw new Error('not a regular file');
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  const permissions = mode ?? (existing && existing.mode & 0o7777);
  try {
    const file = await open(temporary, 'wx+', permissions === undefined ? 0o666 : 0o600);
    try {
      await write(file);
      if (permissions !== undefined) await file.chmod(permissions);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
