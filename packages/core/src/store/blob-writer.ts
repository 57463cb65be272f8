import { createHash } from 'node:crypto';
import { AirgapError } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import { Ranges } from './ranges.ts';

/**
 * A destination for bytes. The sender owns the chunk and may overwrite it once `write` has returned, so a sink copies
 * what it retains. `write` returns a promise for back-pressure: the sender waits until it settles. The sender pushes,
 * so that nothing is allocated between a socket and a file.
 */
export interface Sink {
  write(chunk: Uint8Array): Promise<void> | undefined;
}

/** The part of a {@link BlobWriter} that a source writes to. Positions are bytes from the start of the blob. */
export interface ChunkWriter {
  /** Whether chunks must arrive in order. */
  readonly sequential: boolean;
  /** See {@link Sink.write}. */
  write(chunk: Uint8Array, at: number): Promise<void> | undefined;
  /**
   * Copies the complete blob from a file, if the writer can do that faster than by chunks. Copies fewer bytes if the
   * file ends early. Resolves once the bytes are written.
   *
   * @param onCopied receives the number of bytes copied since its last call
   */
  copyFrom?(part: FilePart, onCopied?: (bytes: number) => void): Promise<void>;
}

/** A destination for one blob. */
export interface BlobWriter extends ChunkWriter {
  /** The bytes that it has, those of an interrupted transfer included. They are not verified yet. */
  readonly written: Ranges;
  /** The sha256 of the blob, once all of it is written. */
  digest(): Promise<Digest>;
  /** Discards all bytes, because they are wrong; missing when they cannot be taken back. */
  restart?(): void;
}

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
  readonly #what: string;
  #size = 0;

  /**
   * @param limit in bytes
   * @param what is collected, for the error
   */
  constructor(limit: number, what = 'the response') {
    this.#limit = limit;
    this.#what = what;
  }

  /** @throws AirgapError `REGISTRY` when the limit is exceeded */
  write(chunk: Uint8Array): undefined {
    this.#size += chunk.length;
    if (this.#size > this.#limit)
      throw new AirgapError('REGISTRY', `${this.#what} exceeds the limit of ${this.#limit} bytes`, {
        hint: `Check that the host is a registry; if it is, make ${this.#what} smaller.`,
      });
    this.#chunks.push(Buffer.from(chunk));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Writes a blob into memory. */
export class MemoryWriter implements BlobWriter {
  readonly sequential = false;
  written = new Ranges();
  readonly bytes: Buffer;

  /** @param size of the blob, in bytes */
  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
  }

  write(chunk: Uint8Array, at: number): undefined {
    this.bytes.set(chunk, at);
    this.written.add({ start: at, end: at + chunk.length });
  }

  async digest(): Promise<Digest> {
    return sha256Digest(createHash('sha256').update(this.bytes).digest());
  }

  restart(): void {
    this.written = new Ranges();
  }
}

/** Passes a blob on to a sink, in order, and computes its digest. What the sink has received cannot be taken back. */
export class HashingWriter implements BlobWriter {
  readonly sequential = true;
  readonly #hash = createHash('sha256');
  readonly #sink: Sink;
  #position = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get written(): Ranges {
    const written = new Ranges();
    written.add({ start: 0, end: this.#position });
    return written;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#hash.update(chunk);
    this.#position += chunk.length;
    return this.#sink.write(chunk);
  }

  async digest(): Promise<Digest> {
    return sha256Digest(this.#hash.digest());
  }
}
