import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { freeSpace } from '../fs/free-space.ts';
import { systemErrorReason } from '../fs/system-error.ts';
import { formatBytes } from '../model/bytes.ts';
import { AirgapError } from '../model/errors.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { openTemporary, writeChunks } from '../store/temporary-file.ts';

/** Free space that a spool leaves on the disk, in bytes. */
const RESERVE = 256 * 1024 * 1024;
/** Images hardly compress further: more than this factor is no archive of images. */
const MAX_RATIO = 100;
/** The size up to which the factor is not checked, in bytes. */
const UNCHECKED_SIZE = 1024 * 1024 * 1024;
/** The size that a gzip member ends with is that of its content, modulo this. */
const SIZE_MODULUS = 2 ** 32;
/** How much larger than its content a gzip file can be: a share of it, and a header in bytes. */
const MAX_OVERHEAD = 0.01;
const MAX_HEADER = 1024;

/** Who is notified. */
export interface SpoolOptions {
  /** Receives a notice with the size, before anything is written. */
  readonly onEvent?: OnTimedEvent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decompresses a gzip file into a temporary one, which has no name, after a check of the disk.
 *
 * @param file is closed
 * @throws AirgapError `DISK`, `BUNDLE` for damaged gzip
 */
export async function spool(file: FileAccess, { onEvent, signal }: SpoolOptions = {}): Promise<RandomAccess> {
  const { location: path, size: compressed } = file;
  try {
    const size = await expectedSize(file);
    await file[Symbol.asyncDispose]();
    const limit = await sizeLimit(path, { compressed, expected: size });
    const message = `${path} is compressed: decompressing ${formatBytes(size)} into a temporary file in ${tmpdir()}`;
    withTime(onEvent)?.({ type: 'notice', message });
    const temporary = await openTemporary(join(tmpdir(), 'airgap-spool'));
    try {
      await writeChunks(temporary, limited(gunzipped(path, signal), limit));
      return await FileAccess.of(temporary, path);
    } catch (error) {
      await temporary.close();
      throw error;
    }
  } catch (error) {
    throw spoolError(error, path);
  }
}

/** The size of the content in bytes: what the end of the file says, and no less than the file has without its headers. */
async function expectedSize(file: RandomAccess): Promise<number> {
  const end = Buffer.alloc(4);
  if (file.size < end.length || !(await readFully(file, end, file.size - end.length))) return file.size;
  const least = file.size * (1 - MAX_OVERHEAD) - MAX_HEADER;
  const rest = end.readUInt32LE();
  return rest + Math.max(0, Math.ceil((least - rest) / SIZE_MODULUS)) * SIZE_MODULUS;
}

interface SizeLimit {
  /** In bytes. */
  readonly size: number;
  readonly error: () => AirgapError;
}

/** @throws AirgapError `DISK` when the expected size does not fit */
async function sizeLimit(
  path: string,
  { compressed, expected }: { readonly compressed: number; readonly expected: number },
): Promise<SizeLimit> {
  const free = Math.max(0, (await freeSpace(tmpdir())) - RESERVE);
  const plausible = Math.max(UNCHECKED_SIZE, compressed * MAX_RATIO);
  if (expected > free && expected <= plausible) throw noSpace(path, expected, free);
  const isBomb = plausible < free;
  return { size: Math.min(plausible, free), error: () => (isBomb ? bomb(path) : noSpace(path, free, free)) };
}

function bomb(path: string): AirgapError {
  return new AirgapError('BUNDLE', `the archive has more than ${MAX_RATIO} times its compressed size`, {
    where: { path },
    hint: 'Fetch the archive again.',
  });
}

function noSpace(path: string, needed: number, free: number): AirgapError {
  const needs = `decompressing it needs ${formatBytes(needed)} in ${tmpdir()}, ${formatBytes(free)} are free`;
  return new AirgapError('DISK', `not enough disk space: ${needs}`, {
    where: { path },
    hint: 'Set TMPDIR to a folder with more space.',
  });
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
