import { createHash } from 'node:crypto';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import { readError } from './file-access.ts';
import type { HashPool } from './hash-pool.ts';
import type { RandomAccess } from './random-access.ts';
import { readRanges } from './read-ranges.ts';

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
  const last = files.at(-1);
  if (last === undefined) return hashHere(bytes, onHashed);
  const hash = pool.start(onHashed);
  for (const file of files.slice(0, -1)) hash.extend(file);
  try {
    return await hash.digest(last);
  } catch (cause) {
    if (isInterrupted(cause) || cause instanceof AirgapError) throw cause;
    throw readError(cause, bytes.location);
  }
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
