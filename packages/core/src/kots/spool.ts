import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { systemErrorReason } from '../fs/system-error.ts';
import { AirgapError } from '../model/errors.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';

/** Free space that a spool leaves on the disk, in bytes. */
const RESERVE = 256 * 1024 * 1024;
/** Images hardly compress further: more than this factor is no archive of images. */
const MAX_RATIO = 100;
/** The size up to which the factor is not checked, in bytes. */
const UNCHECKED_SIZE = 1024 * 1024 * 1024;

/**
 * Decompresses a gzip file into a temporary one, which has no name while it is used and is gone when it is closed.
 *
 * @throws AirgapError `DISK`, `BUNDLE` for damaged gzip
 */
export async function spool(
  path: string,
  compressedSize: number,
  signal?: AbortSignal,
): Promise<RandomAccess> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  const file = join(folder, 'content.tar');
  try {
    const limit = await sizeLimit(path, folder, compressedSize);
    const output = await open(file, 'wx', 0o600);
    try {
      await pipeline(createReadStream(path), createGunzip(), limited(limit), output.createWriteStream(), {
        signal,
      });
    } finally {
      await output.close().catch(() => {});
    }
    return await FileAccess.open(file, 'the temporary file');
  } catch (error) {
    throw spoolError(error, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface SizeLimit {
  /** In bytes. */
  readonly size: number;
  readonly error: () => AirgapError;
}

async function sizeLimit(path: string, folder: string, compressedSize: number): Promise<SizeLimit> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.max(0, bavail * bsize - RESERVE);
  const plausible = Math.max(UNCHECKED_SIZE, compressedSize * MAX_RATIO);
  if (plausible < free) {
    const message = `the archive has more than ${MAX_RATIO} times its compressed size`;
    return {
      size: plausible,
      error: () => new AirgapError('BUNDLE', message, { where: { path }, hint: 'Fetch the archive again.' }),
    };
  }
  return {
    size: free,
    error: () =>
      new AirgapError(
        'DISK',
        `not enough disk space in ${tmpdir()} to decompress it: ${free} bytes are free`,
        {
          where: { path },
          hint: 'Set TMPDIR to a folder with more space.',
        },
      ),
  };
}

function limited({ size, error }: SizeLimit) {
  return async function* (chunks: AsyncIterable<Buffer>) {
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      if (written > size) throw error();
      yield chunk;
    }
  };
}

function spoolError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_'))
    return new AirgapError('BUNDLE', `the gzip is damaged: ${(error as Error).message}`, {
      where: { path },
      cause: error,
      hint: 'Fetch the archive again.',
    });
  if (error instanceof AirgapError || code === undefined || syscall === undefined) return error;
  const reason = systemErrorReason(error as NodeJS.ErrnoException);
  return new AirgapError('DISK', `cannot decompress it into ${tmpdir()}: ${reason}`, {
    where: { path },
    cause: error,
    hint: 'Set TMPDIR to a folder with more space.',
  });
}
