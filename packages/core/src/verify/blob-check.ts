import pLimit from 'p-limit';
import { blobDigest } from '../layout/documents.ts';
import type { Layout } from '../layout/layout.ts';
import type { LayoutEntry } from '../layout/layout-files.ts';
import type { Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import { HashPool } from '../store/hash-pool.ts';
import { digestMismatch } from '../store/verifier.ts';
import { offsetOf, type Problem } from './problem.ts';

/** Nothing else runs: all processors hash. More of them than this are faster than the disk. */
const MAX_THREADS = 16;

/** A stored blob and the digest in its name. */
interface NamedBlob {
  readonly entry: LayoutEntry;
  readonly digest: Digest;
}

/** The blobs of a layout. */
export function blobsOf(layout: Layout): NamedBlob[] {
  return [...layout.entries.values()].flatMap(entry => {
    const digest = blobDigest(entry.name);
    return digest ? [{ entry, digest }] : [];
  });
}

/** Verifies blobs against the digests in their names, one per worker thread at a time. Default: all of the layout. */
export async function checkBlobs(
  layout: Layout,
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
  blobs = blobsOf(layout),
): Promise<void> {
  await using hashPool = new HashPool(signal, MAX_THREADS);
  const limit = pLimit(hashPool.max);
  const check = async (blob: NamedBlob) => {
    const message = await checkBlob(layout, blob, hashPool, onEvent);
    if (message) problems.push(blobProblem(message, blob.entry));
  };
  await Promise.all(blobs.map(blob => limit(check, blob)));
  problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
}

/** A problem of the bytes of a blob. */
export function blobProblem(message: string, entry: LayoutEntry): Problem {
  return { message, entry: entry.name, ...offsetOf(entry), size: entry.size };
}

async function checkBlob(
  layout: Layout,
  { entry, digest }: NamedBlob,
  hashPool: HashPool,
  onEvent: OnEvent,
): Promise<string | undefined> {
  const { size } = entry;
  onEvent({ type: 'blob-started', digest, size, image: entry.name });
  await using bytes = await layout.open({ digest });
  let received = 0;
  const actual = await hashBytes(bytes, hashPool, hashed => {
    received += hashed;
    onEvent({ type: 'blob-progress', digest, received, size });
  });
  onEvent({ type: 'blob-finished', digest, size });
  const mismatch = digestMismatch(digest, actual);
  const isInBase = layout.form === 'delta' && bytes.location !== layout.path;
  return mismatch && isInBase ? `${mismatch} (in ${bytes.location})` : mismatch;
}
