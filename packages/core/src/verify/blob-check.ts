import pLimit from 'p-limit';
import type { BundleReader } from '../bundle/reader.ts';
import { parseDigest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Checks every blob against the digest that it is called, as many at once as there are threads. */
export async function checkBlobs(
  bundle: BundleReader,
  blobs: readonly PlacedEntry[],
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using threads = new HashPool(signal);
  const limit = pLimit(threads.max);
  const check = async (blob: PlacedEntry) => {
    const problem = await checkBlob(bundle, blob, threads, onEvent);
    if (problem) problems.push({ message: problem, entry: blob.name, offset: blob.headerOffset });
  };
  await Promise.all(blobs.map(blob => limit(check, blob)));
  problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
}

async function checkBlob(
  bundle: BundleReader,
  entry: PlacedEntry,
  threads: HashPool,
  onEvent: OnEvent,
): Promise<string | undefined> {
  const { size } = entry;
  const digest = parseDigest(`sha256:${entry.name.slice('blobs/sha256/'.length)}`);
  onEvent({ type: 'blob-started', digest, size, image: entry.name });
  let received = 0;
  const actual = await bundle.digest(entry, threads, bytes => {
    received += bytes;
    onEvent({ type: 'blob-progress', digest, received, size });
  });
  onEvent({ type: 'blob-finished', digest, size });
  return actual === digest
    ? undefined
    : `content does not match its digest: got bytes with the digest ${actual}`;
}
