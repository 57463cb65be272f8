import { readSync } from 'node:fs';
import { writeAll } from '../../fs/write-all.js';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { BlobSink, FilePart } from '../../store/blob-writer.ts';
import type { FileHash, HashPool } from '../../store/hash-pool.ts';
import { type Range, Ranges } from '../../store/ranges.ts';

/** Bytes that are written before the hash is told of them. */
const HASH_STEP = 4 * 1024 * 1024;
/** What is written is noted after so many bytes or ms, whichever comes first: the most that a kill loses. */
const NOTE_STEP = 1024 * 1024;
const NOTE_INTERVAL = 50;
/** Where blobs that are no larger are read back to be hashed. */
const SMALL = Buffer.allocUnsafeSlow(256 * 1024);

export interface FileSinkOptions {
  readonly fd: number;
  /** Where the blob begins in the file. */
  readonly offset: number;
  readonly threads: HashPool;
  /** What the file has of the blob already. */
  readonly existing: Ranges;
  /** Is told what has been written. */
  readonly onWritten: (range: Range) => void;
}

/**
 * Writes a blob's bytes to their place in a file, in any order; a thread hashes what has been written. The writes
 * are synchronous: they end in the page cache while the chunk is still in the processor's, and handing it to another
 * thread costs more than writing it (docs/decisions/0004).
 */
export class FileSink implements BlobSink {
  readonly sequential = false;
  readonly #options: FileSinkOptions;
  readonly #written: Ranges;
  #unnoted = new Ranges();
  #notedAt = Date.now();
  #hash: FileHash | undefined;
  #hashed = 0;
  #copied: Digest | undefined;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#written = options.existing;
  }

  write(chunk: Uint8Array, at: number): undefined {
    writeAll(this.#options.fd, chunk, this.#options.offset + at);
    this.#add({ start: at, end: at + chunk.length });
    if (this.#written.prefix - this.#hashed >= HASH_STEP) this.#extendHash();
  }

  /** A thread reads, hashes and writes it, while the bytes are in its cache. */
  async copyFrom(part: FilePart, onCopied: (bytes: number) => void = () => {}): Promise<void> {
    const { fd, offset, threads } = this.#options;
    let at = 0;
    const hash = threads.start(fd, bytes => {
      this.#add({ start: at, end: at + bytes });
      at += bytes;
      onCopied(bytes);
    });
    this.#copied = await hash.copy(part, offset);
  }

  async digest(): Promise<Digest> {
    this.#note();
    if (this.#copied) return this.#copied;
    const { fd, offset, threads } = this.#options;
    const { prefix } = this.#written;
    if (prefix <= SMALL.length) return this.#digestHere();
    this.#hash ??= threads.start(fd);
    return this.#hash.digest(offset + this.#hashed, prefix - this.#hashed);
  }

  /** To wake a thread takes longer than to hash a small blob. */
  #digestHere(): Digest {
    const { fd, offset } = this.#options;
    return digestOf(SMALL.subarray(0, readSync(fd, SMALL, 0, this.#written.prefix, offset)));
  }

  #add(range: Range): void {
    this.#written.add(range);
    this.#unnoted.add(range);
    if (this.#unnoted.size >= NOTE_STEP || Date.now() - this.#notedAt >= NOTE_INTERVAL) this.#note();
  }

  #note(): void {
    for (const range of this.#unnoted) this.#options.onWritten(range);
    this.#unnoted = new Ranges();
    this.#notedAt = Date.now();
  }

  /** The hash goes from the first byte on, as far as there is no gap. */
  #extendHash(): void {
    const { fd, offset, threads } = this.#options;
    const { prefix } = this.#written;
    this.#hash ??= threads.start(fd);
    this.#hash.extend(offset + this.#hashed, prefix - this.#hashed);
    this.#hashed = prefix;
  }
}
