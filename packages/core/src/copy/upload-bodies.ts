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
 * The blobs of a bundle as bodies of requests, read from the file as they are sent, into the same memory over and
 * over: a chunk is its receiver's until the next but one is asked for. Threads compute each digest
 * meanwhile, once however often the blob is sent; the last bytes are held back until it is known to be right.
 */
export class UploadBodies {
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #threads: HashPool;
  readonly #onEvent: OnEvent;
  readonly #verified = new Map<Digest, Promise<void>>();

  constructor(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    threads: HashPool,
    onEvent: OnEvent,
  ) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.#threads = threads;
    this.#onEvent = onEvent;
  }

  /** @throws AirgapError `CONTENT` out of the body, before its last bytes, `BUNDLE` when the file has become shorter */
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
    // One is read into while the other may still be on its way out.
    const buffers = [0, 1].map(() => Buffer.allocUnsafeSlow(Math.min(CHUNK, end - start)));
    let told = start;
    for (let at = start, turn = 0; at < end; turn ^= 1) {
      const chunk = (buffers[turn] as Buffer).subarray(0, Math.min(CHUNK, end - at));
      await this.#bundle.readFully(chunk, offset + at);
      at += chunk.length;
      if (at === blob.size) await verified;
      yield chunk;
      if (at - told < PROGRESS_STEP && at < end) continue;
      told = at;
      this.#onEvent({ type: 'blob-progress', digest: blob.digest, received: at, size: blob.size });
    }
  }

  #verify(blob: Descriptor): Promise<void> {
    const known = this.#verified.get(blob.digest);
    if (known !== undefined) return known;
    const verifying = this.#digest(blob);
    verifying.catch(() => {});
    this.#verified.set(blob.digest, verifying);
    return verifying;
  }

  async #digest(blob: Descriptor): Promise<void> {
    const entry = this.#entries.get(blobPath(blob)) as PlacedEntry;
    const verifier = new Verifier(blob, { path: this.#bundle.path });
    verifier.count(entry.size);
    verifier.end(await this.#bundle.digest(entry, this.#threads));
  }
}
