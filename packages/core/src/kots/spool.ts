import { createReadStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { systemErrorReason } from '../fs/system-error.ts';
import { AirgapError } from '../model/errors.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { openTemporary, writeChunks } from '../store/temporary-file.ts';

/** Free space that a spool leaves on the disk, in bytes. */
const RESERVE = 256 * 1024 * 1024;
/** Images hardly compress further: more than this factor is no archive of images. */
const MAX_RATIO = 100;
/** The size up to which the factor is not checked, in bytes. */
const UNCHECKED_SIZE = 1024 * 1024 * 1024;

/**
 * Decompresses a gzip file into a temporary one, which has no name.
 *
 * @throws AirgapError `DISK`, `BUNDLE` for damaged gzip
 */
export async function spool(
  path: string,
  compressedSize: number,
  signal?: AbortSignal,
): Promise<RandomAccess> {
  try {
    const limit = await sizeLimit(path, compressedSize);
    const file = await openTemporary(join(tmpdir(), 'airgap-spool'));
    try {
      await writeChunks(file, limited(gunzipped(path, signal), limit));
      return await FileAccess.of(file, path);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw spoolError(error, path);
  }
}

interface SizeLimit {
  /** In bytes. */
  readonly size: number;
  readonly error: () => AirgapError;
}

async function sizeLimit(path: string, compressedSize: number): Promise<SizeLimit> {
  const { bavail, bsize } = await statfs(tmpdir());
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

async function* gunzipped(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const reading = pipeline(createReadStream(path), gunzip, { signal });
  // It fails with the first error, which the loop throws as well.
  reading.catch(() => {});
  yield* gunzip;
  await reading;
}

/** Passes chunks on, up to a limit. */
async function* limited(chunks: AsyncIterable<Buffer>, { size, error }: SizeLimit): AsyncGenerator<Buffer> {
  let written = 0;
  for await (const chunk of chunks) {
    written += chunk.length;
    if (written > size) throw error();
    yield chunk;
  }
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
