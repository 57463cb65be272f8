import type { FileHandle } from 'node:fs/promises';
import type { Sink } from '../content/sink.ts';

/** Bytes that are gathered before they are written: fewer, larger writes. */
const BATCH = 1024 * 1024;
/** Writes under way at once for one sink before the sender has to wait. */
const MAX_WRITES = 2;

/** Writes a stream of bytes to a file from an offset on, in batches and without copying them. */
export class FileSink implements Sink {
  readonly #file: FileHandle;
  #offset: number;
  #batch: Uint8Array[] = [];
  #batched = 0;
  readonly #writes = new Set<Promise<void>>();

  constructor(file: FileHandle, offset: number) {
    this.#file = file;
    this.#offset = offset;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#batch.push(chunk);
    this.#batched += chunk.length;
    if (this.#batched < BATCH) return undefined;
    this.#flush();
    return this.#writes.size > MAX_WRITES ? Promise.race(this.#writes) : undefined;
  }

  /** Resolves when every byte was handed to the operating system. */
  async end(): Promise<void> {
    if (this.#batched > 0) this.#flush();
    await Promise.all(this.#writes);
  }

  /** Waits for what is under way and forgets the rest; for a transfer that has failed. */
  async abandon(): Promise<void> {
    this.#batch = [];
    this.#batched = 0;
    await Promise.allSettled(this.#writes);
  }

  #flush(): void {
    const write = this.#writeAll(this.#batch, this.#batched, this.#offset);
    this.#offset += this.#batched;
    this.#batch = [];
    this.#batched = 0;
    this.#writes.add(write);
    const done = () => this.#writes.delete(write);
    // A failed write stays, so that whoever waits next is told.
    write.then(done, () => {});
  }

  /** One call writes all of it, or as much as a nearly full disk takes; then the rest is tried again and fails. */
  async #writeAll(batch: Uint8Array[], size: number, offset: number): Promise<void> {
    const { bytesWritten } = await this.#file.writev(batch, offset);
    if (bytesWritten === size) return;
    const rest = Buffer.concat(batch).subarray(bytesWritten);
    await this.#file.write(rest, 0, rest.length, offset + bytesWritten).then(({ bytesWritten: more }) => {
      if (more < rest.length)
        throw Object.assign(new Error('short write'), { code: 'ENOSPC', syscall: 'write' });
    });
  }
}
