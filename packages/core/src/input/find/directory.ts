import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { inputReadError } from '../model/source-text.ts';

/** Folders that are never part of the input. */
const IGNORED = new Set(['.git', 'node_modules']);

/** Returns every file below a folder, sorted, including hidden files. @throws AirgapError `INPUT` */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (await isFolder(path, entry)) files.push(...(await filesBelow(path)));
    else if (await isFile(path, entry)) files.push(path);
  }
  return files;
}

/** Returns the entries of a folder, sorted, without `.git` and `node_modules`. @throws AirgapError `INPUT` */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    throw inputReadError(folder, cause);
  });
  return entries.filter(({ name }) => !IGNORED.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Returns whether an entry is a folder or a link to one; false for a link to one of its own parents. */
export async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return false;
  const target = await realpath(path);
  const parent = await realpath(dirname(path));
  return parent !== target && !parent.startsWith(`${target}${sep}`);
}

async function isFile(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
