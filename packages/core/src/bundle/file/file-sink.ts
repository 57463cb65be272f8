import { readSync } from 'node:fs';
import { writeAll } from '../../fs/write-all.js';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { BlobWriter, FilePart } from '../../store/blob-writer.ts';
import type { FileHash, HashPool } from '../../store/hash-pool.ts';
import { type Range, Ranges } from '../../store/ranges.ts';

/** Bytes between two requests to extend the hash. */
const HASH_STEP = 4 * 1024 * 1024;
/** Written ranges are journaled after this many bytes or ms, whichever comes first: a kill loses no more. */
const NOTE_STEP = 1024 * 1024;
const NOTE_INTERVAL = 50;
/** The buffer in which small blobs are read back to be hashed. */
const SMALL = Buffer.allocUnsafeSlow(256 * 1024);

/** Where a blob is written, and its state. */
export interface FileSinkOptions {
  /** The pieces of the files that hold a range of the blob, in order; at least one. */
  readonly pieces: (range: Range) => readonly FilePart[];
  readonly hashPool: HashPool;
  /** The bytes of the blob that the file already has. */
  readonly existing: Ranges;
  /** Receives the written ranges. */
  readonly onWritten: (range: Range) => void;
  /** Called when the written bytes are wrong. */
  readonly onRestart: () => void;
}

/**
 * Writes a blob at its offset in a file or its parts, in any order, while a worker thread hashes the written bytes.
 * Writes are synchronous: the chunk is still in the processor's cache, and passing it to another thread costs more than
 * writing it to the page cache (docs/decisions/0004).
 */
export class FileSink implements BlobWriter {
  readonly sequential = false;
  readonly #options: FileSinkOptions;
  #written: Ranges;
  #unnoted = new Ranges();
  #notedAt = Date.now();
  #hash: FileHash | undefined;
  #hashed = 0;
  #copied: Digest | undefined;

  constructor(options: FileSinkOptions) {
    this.#options = options;
    this.#written = options.existing;
  }

  get written(): Ranges {
    return this.#written;
  }

  restart(): void {
    this.#written = new Ranges();
    this.#unnoted = new Ranges();
    this.#hash = undefined;
    this.#hashed = 0;
    this.#copied = undefined;
    this.#options.onRestart();
  }

  write(chunk: Uint8Array, at: number): undefined {
    const range = { start: at, end: at + chunk.length };
    let written = 0;
    for (const { fd, offset, size } of this.#options.pieces(range)) {
      writeAll(fd, chunk.subarray(written, written + size), offset);
      written += size;
    }
    this.#add(range);
    if (this.#written.prefix - this.#hashed >= HASH_STEP) this.#extendHash();
  }

  /** A worker thread reads, hashes and writes the bytes while they are in its cache. */
  async copyFrom(part: FilePart, onCopied: (bytes: number) => void = () => {}): Promise<void> {
    const { pieces, hashPool } = this.#options;
    let at = 0;
    const hash = hashPool.start(bytes => {
      this.#add({ start: at, end: at + bytes });
      at += bytes;
      onCopied(bytes);
    });
    this.#copied = await hash.copy(part, pieces({ start: 0, end: part.size }));
  }

  async digest(): Promise<Digest> {
    this.#note();
    if (this.#copied) return this.#copied;
    const { pieces, hashPool } = this.#options;
    const { prefix } = this.#written;
    if (prefix <= SMALL.length) return this.#digestHere();
    this.#hash ??= hashPool.start();
    return this.#hash.digest(pieces({ start: this.#hashed, end: prefix }));
  }

  /** Waking a thread takes longer than hashing a small blob. */
  #digestHere(): Digest {
    let read = 0;
    for (const { fd, offset, size } of this.#options.pieces({ start: 0, end: this.#written.prefix }))
      read += readSync(fd, SMALL, read, size, offset);
    return digestOf(SMALL.subarray(0, read));
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

  /** The hash covers the bytes up to the first gap. */
  #extendHash(): void {
    const { pieces, hashPool } = this.#options;
    const { prefix } = this.#written;
    this.#hash ??= hashPool.start();
    this.#hash.extend(pieces({ start: this.#hashed, end: prefix }));
    this.#hashed = prefix;
  }
}
