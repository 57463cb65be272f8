import { writeSync } from 'node:fs';
import type { FileHash, HashThreads } from '../content/hash-threads.ts';
import type { DigestSink } from '../content/sink.ts';
import type { Digest } from '../oci/digest.ts';

/** Bytes that are written before the hash is told of them. */
const HASH_STEP = 4 * 1024 * 1024;

/**
 * Writes a stream of bytes to a file from an offset on; a thread hashes what has been written. The writes are
 * synchronous: they end in the page cache while the chunk is still in the processor's, and handing it to another
 * thread costs more than writing it (docs/decisions/0004).
 */
export class FileSink implements DigestSink {
  readonly #fd: number;
  readonly #threads: HashThreads;
  #hash: FileHash | undefined;
  #written: number;
  #hashed: number;

  constructor(fd: number, offset: number, threads: HashThreads) {
    this.#fd = fd;
    this.#threads = threads;
    this.#written = offset;
    this.#hashed = offset;
  }

  write(chunk: Uint8Array): undefined {
    writeAll(this.#fd, chunk, this.#written);
    this.#written += chunk.length;
    if (this.#written - this.#hashed >= HASH_STEP) this.#extendHash();
  }

  digest(): Promise<Digest> {
    return this.#extendHash().digest();
  }

  #extendHash(): FileHash {
    this.#hash ??= this.#threads.start(this.#fd);
    this.#hash.extend(this.#hashed, this.#written - this.#hashed);
    this.#hashed = this.#written;
    return this.#hash;
  }
}

/** Writes all of it; a nearly full disk takes a part, and the next write then says why. */
export function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
}
