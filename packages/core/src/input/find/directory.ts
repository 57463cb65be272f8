import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { inputReadError } from '../model/source-text.ts';

/** Folders that are never part of the input. */
const IGNORED = new Set(['.git', 'node_modules']);

/** `outside` is a link that leads out of the root; `other` is a dangling link, a FIFO or a device. */
export type EntryType = 'folder' | 'file' | 'outside' | 'other';

/** Returns every file below a folder, sorted, including hidden files; links only inside it. @throws AirgapError `INPUT` */
export async function filesBelow(folder: string): Promise<string[]> {
  return collect(folder, await realpathOf(folder));
}

async function collect(folder: string, root: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    const type = await entryType(path, entry, root);
    if (type === 'folder') files.push(...(await collect(path, root)));
    if (type === 'file') files.push(path);
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

/** Returns the real path of a folder of the input. @throws AirgapError `INPUT` */
export function realpathOf(folder: string): Promise<string> {
  return realpath(folder).catch(cause => {
    throw inputReadError(folder, cause);
  });
}

/**
 * Returns the type of an entry, or of the target of a link. A link to one of its own parents is `other`.
 *
 * @param root the real path of the folder that links may lead to
 */
export async function entryType(path: string, entry: Dirent, root: string): Promise<EntryType> {
  if (!entry.isSymbolicLink()) return typeOf(entry);
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) return 'other';
  if (!isInside(target, root)) return 'outside';
  const type = typeOf(await stat(path));
  return type === 'folder' && isInside(await realpath(dirname(path)), target) ? 'other' : type;
}

/** Returns whether a path is a folder or below it. Both are real paths. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

function typeOf(entry: Pick<Dirent, 'isDirectory' | 'isFile'>): EntryType {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : 'other';
}
