import pLimit from 'p-limit';
import type { BundleReader } from '../bundle/reader.ts';
import { parseDigest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Verifies every blob against the digest in its name, one per worker thread at a time. */
export async function checkBlobs(
  bundle: BundleReader,
  blobs: readonly PlacedEntry[],
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using hashPool = new HashPool(signal);
  const limit = pLimit(hashPool.max);
  const check = async (blob: PlacedEntry) => {
    const problem = await checkBlob(bundle, blob, hashPool, onEvent);
    if (problem) problems.push({ message: problem, entry: blob.name, offset: blob.headerOffset });
  };
  await Promise.all(blobs.map(blob => limit(check, blob)));
  problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
}

async function checkBlob(
  bundle: BundleReader,
  entry: PlacedEntry,
  hashPool: HashPool,
  onEvent: OnEvent,
): Promise<string | undefined> {
  const { size } = entry;
  const digest = parseDigest(`sha256:${entry.name.slice('blobs/sha256/'.length)}`);
  onEvent({ type: 'blob-started', digest, size, image: entry.name });
  let received = 0;
  const actual = await bundle.digest(entry, hashPool, bytes => {
    received += bytes;
    onEvent({ type: 'blob-progress', digest, received, size });
  });
  onEvent({ type: 'blob-finished', digest, size });
  return actual === digest ? undefined : `digest mismatch: expected ${digest}, got ${actual}`;
}
