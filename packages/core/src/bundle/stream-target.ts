import type { Hash } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { AirgapError } from '../model/errors.ts';
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
  readonly #hash: Hash | undefined;
  /** Aborted with the signal, or when the stream is closed: a closed stream never drains. */
  readonly #stopped: AbortSignal;

  /** @param hash receives everything that is written */
  constructor(out: Writable, signal: AbortSignal, hash?: Hash) {
    this.#out = out;
    this.#signal = signal;
    this.#hash = hash;
    const closed = new AbortController();
    if (out.destroyed) closed.abort();
    out.once('close', () => closed.abort());
    this.#stopped = AbortSignal.any([signal, closed.signal]);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#out.errored) throw this.#out.errored;
    this.#hash?.update(bytes);
    if (bytes.length === 0 || this.#out.write(Buffer.from(bytes))) return undefined;
    return this.#drained();
  }

  writer(): BlobWriter {
    return new HashingWriter({ write: chunk => this.write(chunk) });
  }

  async commit(): Promise<void> {}

  /** @throws AirgapError `INTERRUPTED` when the stream is closed, and what the stream throws */
  async #drained(): Promise<void> {
    try {
      await once(this.#out, 'drain', { signal: this.#stopped });
    } catch (error) {
      if (this.#signal.aborted || !this.#out.destroyed) throw error;
      throw this.#out.errored ?? new AirgapError('INTERRUPTED', 'the output was closed before its end');
    }
  }
}
