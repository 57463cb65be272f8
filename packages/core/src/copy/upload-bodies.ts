import type { BundleReader } from '../bundle/reader.ts';
import { blobPath } from '../layout/documents.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import type { HashPool } from '../store/hash-pool.ts';
import type { BlobBody } from '../store/image-target.ts';
import { Verifier } from '../store/verifier.ts';
import type { PlacedEntry } from '../tar/walk.ts';

const CHUNK = 256 * 1024;
/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

/**
 * Blobs of a bundle as request bodies. Each body reads the file while it is sent and alternates between two buffers:
 * a chunk is valid until the chunk after the next is requested. The hash pool verifies each blob concurrently, once
 * per blob; the last chunk is held back until the digest has matched.
 */
export class UploadBodies {
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #hashPool: HashPool;
  readonly #onEvent: OnEvent;
  readonly #verified = new Map<Digest, Promise<void>>();

  constructor(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    hashPool: HashPool,
    onEvent: OnEvent,
  ) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.#hashPool = hashPool;
    this.#onEvent = onEvent;
  }

  /**
   * The body of a blob.
   *
   * @throws AirgapError from the body: `CONTENT` for a digest mismatch, before the last chunk; `BUNDLE` when the file
   * was truncated
   */
  of(blob: Descriptor): BlobBody {
    const entry = this.#entries.get(blobPath(blob));
    if (!entry) throw new RangeError(`${blob.digest} is not in the bundle`);
    return (start, end) => this.#read(blob, entry, start, end);
  }

  async *#read(
    blob: Descriptor,
    { offset }: PlacedEntry,
    start: number,
    end: number,
  ): AsyncGenerator<Buffer> {
    const verified = this.#verify(blob);
    // One buffer is filled while the other may still be in the socket.
    const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(CHUNK, end - start)));
    let reported = start;
    for (let at = start, turn = 0; at < end; turn ^= 1) {
      const chunk = (buffers[turn] as Buffer).subarray(0, Math.min(CHUNK, end - at));
      await this.#bundle.readFully(chunk, offset + at);
      at += chunk.length;
      if (at === blob.size) await verified;
      yield chunk;
      if (at - reported < PROGRESS_STEP && at < end) continue;
      reported = at;
      this.#onEvent({ type: 'blob-progress', digest: blob.digest, received: at, size: blob.size });
    }
  }

  #verify(blob: Descriptor): Promise<void> {
    const started = this.#verified.get(blob.digest);
    if (started !== undefined) return started;
    const verifying = this.#verifyDigest(blob);
    verifying.catch(() => {});
    this.#verified.set(blob.digest, verifying);
    return verifying;
  }

  async #verifyDigest(blob: Descriptor): Promise<void> {
    const entry = this.#entries.get(blobPath(blob)) as PlacedEntry;
    const verifier = new Verifier(blob, { path: this.#bundle.path });
    verifier.count(entry.size);
    verifier.end(await this.#bundle.digest(entry, this.#hashPool));
  }
}
