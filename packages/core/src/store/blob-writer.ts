import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';

/**
 * A destination for bytes. The sender owns the chunk and may overwrite it once `write` has returned, so a sink copies
 * what it retains. `write` returns a promise for back-pressure: the sender waits until it settles. The sender pushes,
 * so that nothing is allocated between a socket and a file.
 */
export interface Sink {
  write(chunk: Uint8Array): Promise<void> | undefined;
}

/** A destination for one blob. Positions are bytes from the start of the blob. */
export interface BlobSink {
  /** Whether chunks must arrive in order. */
  readonly sequential: boolean;
  /** See {@link Sink.write}. */
  write(chunk: Uint8Array, at: number): Promise<void> | undefined;
  /**
   * Copies the complete blob from a file, if the sink can do that faster than by chunks. Copies fewer bytes if the
   * file ends early. Resolves once the bytes are written.
   *
   * @param onCopied receives the number of bytes copied since its last call
   */
  copyFrom?(part: FilePart, onCopied?: (bytes: number) => void): Promise<void>;
  /** The sha256 of the blob, once all of it is written. */
  digest(): Promise<Digest>;
}

/** The part of a sink that a source writes to; the caller verifies the digest. */
export type BlobWriter = Omit<BlobSink, 'digest'>;

/** A part of an open local file. */
export interface FilePart {
  readonly fd: number;
  /** In bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** Collects bytes in memory, up to a limit. */
export class MemorySink implements Sink {
  readonly #chunks: Uint8Array[] = [];
  readonly #limit: number;
  #size = 0;

  /** @param limit in bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws AirgapError `REGISTRY` when the limit is exceeded */
  write(chunk: Uint8Array): undefined {
    this.#size += chunk.length;
    if (this.#size > this.#limit)
      throw new AirgapError('REGISTRY', `the response exceeds the limit of ${this.#limit} bytes`);
    this.#chunks.push(Buffer.from(chunk));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Computes the digest of the bytes that it passes on to another sink, in order. */
export class HashingSink implements BlobSink {
  readonly sequential = true;
  readonly #hash = createHash('sha256');
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#hash.update(chunk);
    return this.#sink.write(chunk);
  }

  async digest(): Promise<Digest> {
    return sha256Digest(this.#hash.digest());
  }
}
