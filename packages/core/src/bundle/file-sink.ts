import { writeSync } from 'node:fs';
import type { FileHash, HashThreads } from '../content/hash-threads.ts';
import { type Range, Ranges } from '../content/ranges.ts';
import type { BlobSink } from '../content/sink.ts';
import type { Digest } from '../oci/digest.ts';

/** Bytes that are written before the hash is told of them. */
const HASH_STEP = 4 * 1024 * 1024;
/** What is written is noted after so many bytes or ms, whichever comes first: the most that a kill loses. */
const NOTE_STEP = 1024 * 1024;
const NOTE_INTERVAL = 50;

export interface FileSinkOptions {
  readonly fd: number;
  /** Where the blob begins in the file. */
  readonly offset: number;
  readonly threads: HashThreads;
  /** What the file has of the blob already. */
  readonly had: Ranges;
  /** Is told what has been written. */
  readonly onWritten: (range: Range) => void;
}

/**
 * Writes a blob's bytes to their place in a file, in any order; a thread hashes what has been written. The writes
 * are synchronous: they end in the page cache while the chunk is still in the processor's, and handing it to another
 * thread costs more than writing it (docs/decisions/0004).
 */
export class FileSink implements BlobSink {
  readonly inOrder = false;
  readonly #options: FileSinkOptions;
  readonly #written: Ranges;
  #unnoted = new Ranges();
  #notedAt = Date.now();
  #hash: FileHash | undefined;
  #hashed = 0;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#written = options.had;
  }

  write(chunk: Uint8Array, at: number): undefined {
    writeAll(this.#options.fd, chunk, this.#options.offset + at);
    const range = { start: at, end: at + chunk.length };
    this.#written.add(range);
    this.#unnoted.add(range);
    if (this.#unnoted.size >= NOTE_STEP || Date.now() - this.#notedAt >= NOTE_INTERVAL) this.#note();
    if (this.#written.prefix - this.#hashed >= HASH_STEP) this.#extendHash();
  }

  digest(): Promise<Digest> {
    this.#note();
    return this.#extendHash().digest();
  }

  #note(): void {
    for (const range of this.#unnoted) this.#options.onWritten(range);
    this.#unnoted = new Ranges();
    this.#notedAt = Date.now();
  }

  /** The hash goes from the first byte on, as far as there is no gap. */
  #extendHash(): FileHash {
    const { fd, offset, threads } = this.#options;
    const { prefix } = this.#written;
    this.#hash ??= threads.start(fd);
    this.#hash.extend(offset + this.#hashed, prefix - this.#hashed);
    this.#hashed = prefix;
    return this.#hash;
  }
}

/** Writes all of it; a nearly full disk takes a part, and the next write then says why. */
export function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
}
