import { stat } from 'node:fs/promises';
import { isUrl } from '../model/path-or-url.ts';
import { FileAccess } from '../store/file-access.ts';

/** Where the version of a lock is, after comments, in bytes. */
const START_SIZE = 4096;

/** Whether a path is that of a lock, and not of a bundle. @throws AirgapError `INPUT` when the file cannot be read */
export async function isLock(path: string): Promise<boolean> {
  if (isUrl(path)) return false;
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) return false;
  await using file = await FileAccess.open(path, 'the lock or bundle');
  const start = Buffer.alloc(START_SIZE);
  const size = await file.read(start, 0);
  return /^lockVersion:/m.test(start.toString('latin1', 0, size));
}
