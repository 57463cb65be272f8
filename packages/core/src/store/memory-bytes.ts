import type { RandomAccess } from './random-access.ts';

/** Bytes in memory that are read like a file. */
export class MemoryBytes implements RandomAccess {
  readonly location: string;
  readonly #bytes: Buffer;

  /** @param location for errors */
  constructor(bytes: Buffer, location: string) {
    this.#bytes = bytes;
    this.location = location;
  }

  get size(): number {
    return this.#bytes.length;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    return this.#bytes.subarray(at).copy(buffer);
  }

  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
