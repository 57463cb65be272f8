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

/** Verifies every blob against the digest in its name, one per worker thread at a time. */
export async function checkBlobs(
  layout: Layout,
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using hashPool = new HashPool(signal);
  const limit = pLimit(hashPool.max);
  const check = async (blob: NamedBlob) => {
    const message = await checkBlob(layout, blob, hashPool, onEvent);
    if (message) problems.push({ message, entry: blob.entry.name, ...offsetOf(blob.entry) });
  };
  await Promise.all(blobsOf(layout).map(blob => limit(check, blob)));
  problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
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
  return digestMismatch(digest, actual);
}
