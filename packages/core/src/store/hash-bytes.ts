import { createHash } from 'node:crypto';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import { type Digest, digestOf, sha256Digest } from '../oci/digest.ts';
import { readError } from './file-access.ts';
import { type HashPool, SMALL_BLOB } from './hash-pool.ts';
import type { RandomAccess } from './random-access.ts';
import { readFully, readRanges } from './read-ranges.ts';

/**
 * Computes the sha256 of some bytes: on worker threads where they are in local files, else in this one.
 *
 * @param onHashed receives the number of bytes hashed since its last call
 */
export async function hashBytes(
  bytes: RandomAccess,
  pool: HashPool,
  onHashed?: (bytes: number) => void,
): Promise<Digest> {
  const files = bytes.files?.({ start: 0, end: bytes.size }) ?? [];
  if (files.length === 0) return hashHere(bytes, onHashed);
  const small = await hashSmall(bytes);
  if (small) {
    onHashed?.(bytes.size);
    return small;
  }
  try {
    return await pool.start(onHashed).digest(files);
  } catch (cause) {
    if (isInterrupted(cause) || cause instanceof AirgapError) throw cause;
    throw readError(cause, bytes.location);
  }
}

/** Returns the digest of a few bytes; undefined for many, and if the file is shorter. */
async function hashSmall(bytes: RandomAccess): Promise<Digest | undefined> {
  if (bytes.size > SMALL_BLOB) return undefined;
  const content = Buffer.allocUnsafe(bytes.size);
  return (await readFully(bytes, content, 0)) ? digestOf(content) : undefined;
}

async function hashHere(
  bytes: RandomAccess,
  onHashed: ((bytes: number) => void) | undefined,
): Promise<Digest> {
  const hash = createHash('sha256');
  await readRanges(bytes, [{ start: 0, end: bytes.size }], {
    write(chunk) {
      hash.update(chunk);
      onHashed?.(chunk.length);
      return undefined;
    },
  });
  return sha256Digest(hash.digest());
}
