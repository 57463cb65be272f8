import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { unreadableSpec } from '../model/source-text.ts';

/** Names that nobody means when naming the folder around them. */
const FOREIGN = new Set(['.git', 'node_modules']);

/** Every file below a folder, hidden ones as well, sorted. @throws AirgapError `INPUT` */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (await isFolder(path, entry)) files.push(...(await filesBelow(path)));
    else if (await isFile(path, entry)) files.push(path);
  }
  return files;
}

/** What is in a folder, sorted; not what belongs to programs. @throws AirgapError `INPUT` */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw unreadableSpec(folder, cause);
  });
  return entries.filter(({ name }) => !FOREIGN.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A link to a folder is one, unless it leads back to where it stands. */
export async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  const [target, own] = await Promise.all([realpath(path), realpath(dirname(path))]);
  return own !== target && !own.startsWith(`${target}${sep}`);
}

async function isFile(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
