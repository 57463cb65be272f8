import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import type { HashPool } from '../store/hash-pool.ts';
import type { BlobBody } from '../store/image-target.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { Verifier } from '../store/verifier.ts';

const CHUNK = 256 * 1024;
/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

/** Opens blobs for reading at any offset. */
interface BlobOpener {
  open(blob: Descriptor): Promise<RandomAccess>;
}

/**
 * Blobs of a layout as request bodies. Each body reads the blob while it is sent and alternates between two buffers: a
 * chunk is valid until the chunk after the next is requested. The hash pool verifies each blob concurrently, once per
 * blob; one that is read by requests is verified while it is sent. The last chunk is held back until the digest has matched.
 */
export class UploadBodies {
  readonly #blobs: BlobOpener;
  readonly #hashPool: HashPool;
  readonly #onEvent: OnEvent;
  readonly #verified = new Map<Digest, Promise<void>>();

  constructor(blobs: BlobOpener, hashPool: HashPool, onEvent: OnEvent) {
    this.#blobs = blobs;
    this.#hashPool = hashPool;
    this.#onEvent = onEvent;
  }

  /**
   * The body of a blob.
   *
   * @throws AirgapError from the body: `CONTENT` for a digest mismatch, before the last chunk; `BUNDLE` when the blob
   * ends early
   */
  of(blob: Descriptor): BlobBody {
    return (start, end) => this.#read(blob, start, end);
  }

  async *#read(blob: Descriptor, start: number, end: number): AsyncGenerator<Buffer> {
    await using opened = await this.#blobs.open(blob);
    const isSentOnce = opened.section !== undefined && start === 0 && end === blob.size;
    const sent = isSentOnce ? new SentBlob(blob, opened.location) : undefined;
    const verified = sent ? undefined : this.#verify(blob);
    await using bytes = slice(opened, { start, end });
    // One buffer is filled while the other may still be in the socket.
    const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(CHUNK, end - start)));
    let reported = start;
    for (let at = start, turn = 0; at < end; turn ^= 1) {
      const chunk = (buffers[turn] as Buffer).subarray(0, Math.min(CHUNK, end - at));
      if (!(await readFully(bytes, chunk, at - start))) throw endsEarly(bytes, blob);
      at += chunk.length;
      sent?.add(chunk);
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
    await using bytes = await this.#blobs.open(blob);
    const verifier = new Verifier(blob, { path: bytes.location });
    verifier.count(bytes.size);
    verifier.end(await hashBytes(bytes, this.#hashPool));
  }
}

/** Verifies a blob while it is sent. */
class SentBlob {
  readonly #hash = createHash('sha256');
  readonly #blob: Descriptor;
  readonly #verifier: Verifier;

  constructor(blob: Descriptor, path: string) {
    this.#blob = blob;
    this.#verifier = new Verifier(blob, { path });
  }

  /** Adds the next chunk. @throws AirgapError `CONTENT` for the last one, when the digest differs */
  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#verifier.count(chunk.length);
    if (this.#verifier.received === this.#blob.size) this.#verifier.end(sha256Digest(this.#hash.digest()));
  }
}

function endsEarly({ location }: RandomAccess, { digest }: Descriptor): AirgapError {
  return new AirgapError('BUNDLE', 'invalid or incomplete bundle: a blob ends early', {
    where: { path: location, digest },
    hint: 'Fetch the bundle again.',
  });
}
