import type { RandomAccess } from './random-access.ts';

/** Bytes in memory as random access. */
export class MemoryAccess implements RandomAccess {
  readonly location: string;
  readonly #bytes: Uint8Array;

  /** @param location the path or URL of what they are part of, for errors */
  constructor(bytes: Uint8Array, location: string) {
    this.#bytes = bytes;
    this.location = location;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    const part = this.#bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    return part.length;
  }

  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
