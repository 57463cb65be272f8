import { access, constants, realpath, stat, statfs } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { AirgapError } from '../../model/errors.ts';

/**
 * Refuses early what cannot be written to, before anything is asked of a registry.
 *
 * @returns the path, links followed: what a link leads to is replaced, not the link
 * @throws AirgapError `DISK`, `USAGE` for an empty path
 */
export async function checkTarget(path: string): Promise<string> {
  if (path === '') throw new AirgapError('USAGE', 'the bundle has no name', { hint: 'Name a file with -o.' });
  try {
    const folder = dirname(resolve(path));
    if (path.endsWith(sep) || !(await stat(folder)).isDirectory()) throw systemError('ENOTDIR');
    await access(folder, constants.W_OK);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw systemError('EISDIR');
    if (found && !found.isFile()) throw notAFile(path);
    return found ? await realpath(path) : path;
  } catch (error) {
    throw diskError(error, path);
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'open' });
}

/** A device or a pipe would be replaced by the file. */
function notAFile(path: string): AirgapError {
  return new AirgapError('DISK', 'cannot write the bundle: it is a device or a pipe', {
    where: { path },
    hint: 'Stream the bundle there: -o - > PATH.',
  });
}

/** Refuses early what cannot fit. @throws AirgapError `DISK` */
export async function checkSpace(path: string, size: number): Promise<void> {
  const folder = dirname(resolve(path));
  const { bavail, bsize } = await statfs(folder).catch(cause => {
    throw diskError(cause, path);
  });
  const free = bavail * bsize;
  if (free >= size) return;
  throw new AirgapError('DISK', `not enough disk space: the bundle has ${size} bytes, and ${free} are free`, {
    where: { path },
    hint: 'Free some space, or write the bundle to another disk.',
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EFBIG: 'the file system takes no file of that size',
};

/** Puts what the operating system said into words; anything that is no disk error stays as it is. */
export function diskError(thrown: unknown, path: string): unknown {
  const { code, syscall, message } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof AirgapError || code === undefined || syscall === undefined) return thrown;
  return new AirgapError('DISK', `cannot write the bundle: ${REASONS[code] ?? message}`, {
    where: { path },
    cause: thrown,
    hint: 'Nothing was left under the final name; mend that, or choose another place with -o.',
  });
}
