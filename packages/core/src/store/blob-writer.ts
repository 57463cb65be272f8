import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';

/**
 * Where bytes go. A chunk is the sender's: it may be overwritten once `write` has returned, so a sink copies what
 * it keeps. `write` returns a promise when the sender should hold back until it settles. Pushing, not pulling: on
 * the way from a socket to a file nothing is allocated.
 */
export interface Sink {
  write(chunk: Uint8Array): Promise<void> | undefined;
}

/** Where one blob goes: every chunk at its place, in bytes from the blob's start. */
export interface BlobSink {
  /** Whether chunks must come first to last. */
  readonly sequential: boolean;
  /** As {@link Sink.write}. */
  write(chunk: Uint8Array, at: number): Promise<void> | undefined;
  /**
   * Takes the whole blob from a file by itself, if it can do that faster than by chunks; less of it if the file ends
   * before. Settles once the bytes are where they belong.
   *
   * @param onCopied is told how many bytes more have arrived
   */
  copyFrom?(part: FilePart, onCopied?: (bytes: number) => void): Promise<void>;
  /** The sha256 of the whole blob, once all of it has arrived where it belongs. */
  digest(): Promise<Digest>;
}

/** What a source gives a blob to: a sink that others ask for its digest. */
export type BlobWriter = Omit<BlobSink, 'digest'>;

/** Bytes of an open file on this machine. */
export interface FilePart {
  readonly fd: number;
  /** Where they begin, in bytes. */
  readonly offset: number;
  readonly size: number;
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

/** Computes the digest of what goes by, first to last, on its way into another sink. */
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
