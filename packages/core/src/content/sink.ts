import { createHash } from 'node:crypto';
import { AirgapError } from '../errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';

/**
 * Where bytes go. A chunk is the sender's: it may be overwritten once `write` has returned, so a sink copies what
 * it keeps. `write` returns a promise when the sender should hold back until it settles. Pushing, not pulling: on
 * the way from a socket to a file nothing is allocated.
 */
export interface Sink {
  write(chunk: Uint8Array): Promise<void> | undefined;
}

/** A sink that can say what went into it. */
export interface DigestSink extends Sink {
  /** The sha256 of everything written, once it has arrived where it belongs. */
  digest(): Promise<Digest>;
}

/** Keeps the bytes in memory, up to a limit. */
export class MemorySink implements Sink {
  readonly #chunks: Uint8Array[] = [];
  readonly #limit: number;
  #size = 0;

  /** @param limit the most bytes to take */
  constructor(limit: number) {
    this.#limit = limit;
  }

  write(chunk: Uint8Array): undefined {
    this.#size += chunk.length;
    if (this.#size > this.#limit) {
      throw new AirgapError(
        'REGISTRY',
        `the answer is larger than the ${this.#limit} bytes that are accepted here`,
      );
    }
    this.#chunks.push(Buffer.from(chunk));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Computes the digest of what goes by on its way into another sink. */
export class HashingSink implements DigestSink {
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
