import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type BlobWriter, HashingWriter } from '../store/blob-writer.ts';
import type { TarTarget } from '../tar/target.ts';

/**
 * A stream that a tar is written to, from the first byte to the last. After a failure the stream lacks the
 * end-of-archive marker, so that readers detect the truncation.
 */
export class StreamTarget implements TarTarget {
  readonly order = 'sequential';
  readonly #out: Writable;
  readonly #signal: AbortSignal;

  constructor(out: Writable, signal: AbortSignal) {
    this.#out = out;
    this.#signal = signal;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#out.errored) throw this.#out.errored;
    if (bytes.length === 0 || this.#out.write(Buffer.from(bytes))) return undefined;
    return once(this.#out, 'drain', { signal: this.#signal }).then(() => {});
  }

  writer(): BlobWriter {
    return new HashingWriter({ write: chunk => this.write(chunk) });
  }

  async commit(): Promise<void> {}
}
