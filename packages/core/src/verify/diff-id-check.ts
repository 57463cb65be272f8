import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { PassThrough, Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import pLimit from 'p-limit';
import type { Layout } from '../layout/layout.ts';
import { wrongDiffId } from '../oci/diff-ids.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import type { Problem } from './problem.ts';
import { diffIdProblem, type ImageLayer } from './reference-check.ts';

/** In bytes. */
const READ_SIZE = 256 * 1024;
/** Threads that decompress. */
const MAX_THREADS = 4;

/** zstd needs Node 22.15. */
type Zlib = typeof zlib & { readonly createZstdDecompress?: () => Transform };

/** How a layer starts, and what decompresses it; runtimes look at the bytes as well. */
const COMPRESSIONS: readonly { readonly magic: Buffer; readonly open: (() => Transform) | undefined }[] = [
  { magic: Buffer.from('1f8b', 'hex'), open: zlib.createGunzip },
  { magic: Buffer.from('28b52ffd', 'hex'), open: (zlib as Zlib).createZstdDecompress },
];

/** The digest of a layer without compression; or why it has none. */
type Decompressed = { readonly diffId: Digest } | { readonly damage: string } | 'unsupported';

/**
 * Decompresses layers and compares them with the diff IDs of their configs. Nothing of them stays in memory.
 *
 * @param layers those that a delta leaves to its base are skipped
 * @throws AirgapError `DISK` when a file cannot be read
 */
export async function checkDiffIds(
  layout: Layout,
  layers: readonly ImageLayer[],
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  const present = layers.filter(({ layer }) => layout.sizeOf(layer) !== undefined);
  const limit = pLimit(Math.min(MAX_THREADS, availableParallelism()));
  let unsupported = 0;
  let done = 0;
  onEvent({ type: 'phase', phase: 'decompress' });
  const check = async (imageLayer: ImageLayer) => {
    const found = await decompress(layout, imageLayer, signal);
    done += 1;
    onEvent({ type: 'step', done, total: present.length });
    if (found === 'unsupported') unsupported += 1;
    else {
      const message = mismatchOf(imageLayer, found);
      if (message !== undefined) problems.push(diffIdProblem(imageLayer.image, message));
    }
  };
  await Promise.all(present.map(layer => limit(check, layer)));
  if (unsupported > 0)
    onEvent({
      type: 'notice',
      message: `layers that are not compared with their diff IDs: ${unsupported}; zstd needs Node 22.15 or later`,
    });
}

function mismatchOf({ layer, diffId }: ImageLayer, found: Exclude<Decompressed, 'unsupported'>) {
  if ('damage' in found) return `the layer ${layer.digest} cannot be decompressed: ${found.damage}`;
  return found.diffId === diffId ? undefined : wrongDiffId(layer.digest, diffId, found.diffId);
}

async function decompress(
  layout: Layout,
  { layer }: ImageLayer,
  signal: AbortSignal | undefined,
): Promise<Decompressed> {
  await using bytes = await layout.open(layer);
  const decompressor = await decompressorFor(bytes);
  if (decompressor === undefined) return 'unsupported';
  const hash = createHash('sha256');
  try {
    await pipeline(Readable.from(chunksOf(bytes)), decompressor, hash, { signal });
  } catch (error) {
    if (!isCompressionError(error)) throw error;
    return { damage: (error as Error).message };
  }
  return { diffId: sha256Digest(hash.digest()) };
}

/** Returns what decompresses some bytes, or passes them on; undefined when this version of Node cannot. */
async function decompressorFor(bytes: RandomAccess): Promise<Transform | undefined> {
  const start = Buffer.alloc(Math.min(4, bytes.size));
  await readFully(bytes, start, 0);
  const found = COMPRESSIONS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  return found === undefined ? new PassThrough() : found.open?.();
}

async function* chunksOf(bytes: RandomAccess): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.size; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, bytes.size - at));
    const read = await bytes.read(buffer, at);
    if (read === 0) return;
    at += read;
    yield buffer.subarray(0, read);
  }
}

function isCompressionError(error: unknown): boolean {
  return /^Z(?:STD)?_/.test((error as NodeJS.ErrnoException).code ?? '');
}
