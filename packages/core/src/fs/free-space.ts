import { statfs } from 'node:fs/promises';

/** The free space of the file system of a folder, in bytes. @throws system errors */
export async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
