import type { Stats } from 'node:fs';
import { access, constants, lstat, stat, statfs } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { freeSpace } from '../../fs/free-space.ts';
import { resolveExistingPath } from '../../fs/resolve-existing-path.ts';
import { refuseStandardOutput } from '../../fs/standard-output.ts';
import { systemErrorReason } from '../../fs/system-error.ts';
import { formatBytes } from '../../model/bytes.ts';
import { AirgapError } from '../../model/errors.ts';
import { isUrl, shownPath } from '../../model/path-or-url.ts';
import { LONGEST_SUFFIX } from './output-names.ts';

/**
 * Checks that the output path is writable, before the first request to a registry.
 *
 * @returns the path with symbolic links resolved: a build creates or replaces the target of a link, not the link
 * @throws AirgapError `DISK`, `USAGE` for an empty path, a URL, or `-`
 */
export async function checkTarget(path: string): Promise<string> {
  if (path === '')
    throw new AirgapError('USAGE', 'the output path is empty', { hint: 'Pass a file with -o.' });
  refuseStandardOutput(path);
  if (isUrl(path))
    throw new AirgapError('USAGE', 'this command writes a file, not to a URL', {
      where: { path: shownPath(path) },
      hint: 'Write to a file and upload that; airgap build and airgap shard plan also write to s3://BUCKET/KEY.',
    });
  try {
    const target = (await isThere(path)) ? await resolveExistingPath(path) : path;
    const existing = await ifThere(stat(target));
    if (existing?.isDirectory()) throw systemError('EISDIR');
    if (existing && !existing.isFile()) throw notAFile(path);
    await ifThere(lstat(`${target}${LONGEST_SUFFIX}`));
    const directory = dirname(resolve(target));
    if (path.endsWith(sep) || !(await stat(directory)).isDirectory()) throw systemError('ENOTDIR');
    await access(directory, constants.W_OK);
    return target;
  } catch (error) {
    throw diskError(error, path);
  }
}

/** Whether something has this name, even a link to nothing. */
async function isThere(path: string): Promise<boolean> {
  return (await ifThere(lstat(path))) !== undefined;
}

/** Returns undefined for a path that does not exist. @throws other file system errors, such as for a name that is too long */
function ifThere(found: Promise<Stats>): Promise<Stats | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, syscall: 'open' });
}

/** The file would replace the device or pipe. */
function notAFile(path: string): AirgapError {
  return new AirgapError('DISK', 'cannot write the bundle: it is a device or a pipe', {
    where: { path },
    hint: 'Write to a file. Only airgap build can also stream: -o - > PATH.',
  });
}

/**
 * Checks that the disk has room for some bytes.
 *
 * @param what names what is written, for errors
 * @throws AirgapError `DISK`
 */
export async function checkSpace(path: string, size: number, what = 'the bundle'): Promise<void> {
  const directory = dirname(resolve(path));
  const free = await freeSpace(directory).catch(cause => {
    throw diskError(cause, path);
  });
  if (free >= size) return;
  const needs = `${what} needs ${formatBytes(size)}, ${formatBytes(free)} are free in ${directory}`;
  throw new AirgapError('DISK', `not enough disk space: ${needs}: ${formatBytes(size - free)} short`, {
    where: { path },
    hint: `Free some disk space, or write ${what} to another disk.`,
  });
}

/** The type that statfs reports for FAT: `MSDOS_SUPER_MAGIC` (statfs(2)). */
const FAT = 0x4d44;
const FAT_MAX_SIZE = 4_294_967_295;

/**
 * Checks that the file system holds files of this size, before anything is downloaded: FAT32 ends at 4 GiB.
 *
 * @throws AirgapError `DISK`
 */
export async function checkFileSize(path: string, size: number): Promise<void> {
  const directory = dirname(resolve(path));
  const { type } = await statfs(directory).catch(cause => {
    throw diskError(cause, path);
  });
  const limit = maxFileSize(type);
  if (size <= limit) return;
  const fileSystem = `${directory} is FAT32, which holds files of at most ${formatBytes(limit)}`;
  throw new AirgapError('DISK', `cannot write ${formatBytes(size)} into one file: ${fileSystem}`, {
    where: { path },
    hint: 'Add --split fat32.',
  });
}

/** The size of the largest file, in bytes. @param type of the file system, as statfs reports it */
export function maxFileSize(type: number): number {
  return type === FAT ? FAT_MAX_SIZE : Number.POSITIVE_INFINITY;
}

/** Converts a system error to a `DISK` error; other errors are returned as they are. */
export function diskError(thrown: unknown, path: string, what = 'the bundle'): unknown {
  const error = thrown as NodeJS.ErrnoException;
  const { code, syscall } = error;
  if (thrown instanceof AirgapError || code === undefined || syscall === undefined) return thrown;
  const reason = code === 'ENOENT' ? 'the directory does not exist' : systemErrorReason(error);
  return new AirgapError('DISK', `cannot write ${what}: ${reason}`, {
    where: { path },
    cause: thrown,
    hint: 'Fix this, or choose another path with -o.',
  });
}
