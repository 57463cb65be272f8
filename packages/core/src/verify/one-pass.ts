import { createHash, type Hash } from 'node:crypto';
import { blobDigest } from '../layout/documents.ts';
import { AirgapError } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { HashPool, SMALL_BLOB } from '../store/hash-pool.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { digestMismatch } from '../store/verifier.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { ChunkHash } from './chunk-hash.ts';
import type { Problem } from './problem.ts';

/** The bytes of one read. */
const CHUNK = 1024 * 1024;
/** Chunks in memory: some are hashed while others are read. */
const CHUNKS = 8;

/** A blob of the tar, and the digest in its name. */
interface TarBlob {
  readonly entry: PlacedEntry;
  readonly digest: Digest;
}

/**
 * Verifies every blob of a tar and computes the sha256 of the complete file, reading each byte once, from start to end.
 * The sum of the file and that of the current blob are computed by different threads.
 *
 * @returns the sha256 of the file
 */
export async function checkInOnePass(
  tar: RandomAccess,
  entries: Iterable<PlacedEntry>,
  problems: Problem[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<Digest> {
  await using pool = new HashPool(signal);
  const file = new ChunkHash(pool);
  const blobs = new BlobsInOrder(blobsOf(entries), pool, problems, onEvent);
  const ring = Array.from({ length: CHUNKS }, () => new Slot());
  for (let at = 0, turn = 0; at < tar.size; at += CHUNK, turn += 1) {
    signal?.throwIfAborted();
    const slot = ring[turn % CHUNKS] as Slot;
    await slot.free;
    const size = Math.min(CHUNK, tar.size - at);
    if (!(await readFully(tar, slot.buffer.subarray(0, size), at))) throw shortened(tar);
    const hashed = file.add(slot.memory, { start: 0, end: size });
    slot.free = Promise.all([hashed, ...blobs.add(slot, { start: at, end: at + size })]);
    slot.free.catch(() => {});
  }
  await Promise.all(ring.map(({ free }) => free));
  await blobs.end();
  return await file.digest();
}

/** Memory for one chunk. */
class Slot {
  readonly memory = new SharedArrayBuffer(CHUNK);
  readonly buffer = Buffer.from(this.memory);
  /** Settles once the chunk has been hashed. */
  free: Promise<unknown> = Promise.resolve();
}

/** The blobs of a tar, each hashed while its bytes are read. */
class BlobsInOrder {
  readonly #blobs: readonly TarBlob[];
  readonly #pool: HashPool;
  readonly #problems: Problem[];
  readonly #onEvent: OnEvent;
  readonly #checks: Promise<void>[] = [];
  #next = 0;
  #current: BlobHash | undefined;

  constructor(blobs: readonly TarBlob[], pool: HashPool, problems: Problem[], onEvent: OnEvent) {
    this.#blobs = blobs;
    this.#pool = pool;
    this.#problems = problems;
    this.#onEvent = onEvent;
  }

  /** Adds a chunk of the tar to the blobs in it. @returns when each of them has hashed its part */
  add(slot: Slot, chunk: { readonly start: number; readonly end: number }): Promise<unknown>[] {
    const parts: Promise<unknown>[] = [];
    for (;;) {
      const blob = this.#blobs[this.#next];
      if (blob === undefined || blob.entry.offset >= chunk.end) return parts;
      const { offset, size } = blob.entry;
      this.#current ??= new BlobHash(blob, this.#pool, this.#onEvent);
      const start = Math.max(offset, chunk.start) - chunk.start;
      const end = Math.min(offset + size, chunk.end) - chunk.start;
      if (end > start) parts.push(this.#current.add(slot, { start, end }));
      if (offset + size > chunk.end) return parts;
      const check = this.#check(this.#current, blob);
      check.catch(() => {});
      this.#checks.push(check);
      this.#current = undefined;
      this.#next += 1;
    }
  }

  /** Waits for all digests. */
  async end(): Promise<void> {
    await Promise.all(this.#checks);
    this.#problems.sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0));
  }

  async #check(hash: BlobHash, { entry, digest }: TarBlob): Promise<void> {
    const actual = await hash.digest();
    this.#onEvent({ type: 'blob-finished', digest, size: entry.size });
    const message = digestMismatch(digest, actual);
    if (message !== undefined)
      this.#problems.push({ message, entry: entry.name, offset: entry.headerOffset });
  }
}

/** The sha256 of one blob: computed here if it is small, else by a thread. */
class BlobHash {
  readonly #hash: Hash | ChunkHash;

  constructor({ entry, digest }: TarBlob, pool: HashPool, onEvent: OnEvent) {
    const { size } = entry;
    let received = 0;
    onEvent({ type: 'blob-started', digest, size, image: entry.name });
    const onHashed = (bytes: number) => {
      received += bytes;
      onEvent({ type: 'blob-progress', digest, received, size });
    };
    this.#hash = size <= SMALL_BLOB ? createHash('sha256') : new ChunkHash(pool, onHashed);
  }

  async add(
    { memory, buffer }: Slot,
    range: { readonly start: number; readonly end: number },
  ): Promise<void> {
    if (this.#hash instanceof ChunkHash) await this.#hash.add(memory, range);
    else this.#hash.update(buffer.subarray(range.start, range.end));
  }

  async digest(): Promise<Digest> {
    return this.#hash instanceof ChunkHash ? this.#hash.digest() : sha256Digest(this.#hash.digest());
  }
}

function shortened({ location, size }: RandomAccess): AirgapError {
  return new AirgapError('BUNDLE', `the file became shorter than ${size} bytes while it was read`, {
    where: { path: location },
    hint: 'Verify it again when nothing else writes it.',
  });
}

function blobsOf(entries: Iterable<PlacedEntry>): TarBlob[] {
  const blobs = [...entries].flatMap(entry => {
    const digest = blobDigest(entry.name);
    return digest ? [{ entry, digest }] : [];
  });
  return blobs.sort((a, b) => a.entry.offset - b.entry.offset);
}
