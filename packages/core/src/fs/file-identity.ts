import { type FileHandle, lstat } from 'node:fs/promises';

/** What identifies a file whatever its name: the device and the inode. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** The identity of an open file. */
export async function identityOf(file: FileHandle): Promise<FileIdentity> {
  return file.stat({ bigint: true });
}

/** Whether a path is this file itself: not another one, not a link to it, not missing. */
export async function isFileAt(path: string, { dev, ino }: FileIdentity): Promise<boolean> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found?.dev === dev && found.ino === ino;
}
