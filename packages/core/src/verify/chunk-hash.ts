import type { Digest } from '../oci/digest.ts';
import type { FileHash, HashPool } from '../store/hash-pool.ts';
import type { Range } from '../store/ranges.ts';

/** The sha256 of chunks of shared memory, computed by a worker thread. */
export class ChunkHash {
  readonly #hash: FileHash;
  /** Chunks that the worker has not hashed completely, the oldest first. */
  readonly #pending: { remaining: number; readonly done: () => void }[] = [];

  /** @param onHashed receives the number of bytes hashed since its last call */
  constructor(pool: HashPool, onHashed?: (bytes: number) => void) {
    this.#hash = pool.start(bytes => {
      this.#release(bytes);
      onHashed?.(bytes);
    });
  }

  /** Adds a chunk. @returns when the memory may be overwritten; rejects when the worker fails */
  add(memory: SharedArrayBuffer, range: Range): Promise<unknown> {
    const hashed = new Promise<void>(done => {
      this.#pending.push({ remaining: range.end - range.start, done });
    });
    this.#hash.extendFrom(memory, range);
    // The digest itself settles only after the last chunk, unless the worker fails.
    return Promise.race([hashed, this.#hash.result]);
  }

  digest(): Promise<Digest> {
    return this.#hash.finish();
  }

  #release(bytes: number): void {
    let left = bytes;
    while (left > 0) {
      const [oldest] = this.#pending;
      if (oldest === undefined) return;
      const hashed = Math.min(left, oldest.remaining);
      oldest.remaining -= hashed;
      left -= hashed;
      if (oldest.remaining > 0) return;
      this.#pending.shift();
      oldest.done();
    }
  }
}
