import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Write permission of the group and of others. */
const OTHERS_WRITE = 0o022;

/**
 * Returns why other users can change a file: because of the file or of the folder that holds it.
 *
 * @param stats of the open file
 * @returns undefined if only the user and root can, or on systems without file modes
 */
export async function writableByOthers(path: string, stats: Stats): Promise<string | undefined> {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  const folders = new Set([dirname(path), dirname(await realpath(path))]);
  for (const folder of folders) {
    const problem = modeProblem(folder, await stat(folder), user);
    if (problem !== undefined) return problem;
  }
  return modeProblem(path, stats, user);
}

function modeProblem(path: string, { uid, mode }: Stats, user: number): string | undefined {
  if (uid !== user && uid !== 0) return `${path} belongs to another user (uid ${uid})`;
  if ((mode & OTHERS_WRITE) === 0) return undefined;
  return `${path} is writable by other users (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
}
