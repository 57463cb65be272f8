import type { RandomAccess } from './random-access.ts';

/** In bytes. */
const WINDOW = 64 * 1024;

/**
 * Bytes of which one read serves many small ones near each other, such as those of the headers of a tar. One read at a
 * time. Closing it leaves the bytes open.
 */
export class BufferedAccess implements RandomAccess {
  readonly #bytes: RandomAccess;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW);
  /** The offset of the window, and how much of it is filled. */
  #start = 0;
  #filled = 0;

  constructor(bytes: RandomAccess) {
    this.#bytes = bytes;
  }

  get location(): string {
    return this.#bytes.location;
  }

  get size(): number {
    return this.#bytes.size;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    if (buffer.length > WINDOW) return this.#bytes.read(buffer, at);
    const isInWindow = at >= this.#start && at + buffer.length <= this.#start + this.#filled;
    if (!isInWindow) await this.#fill(at);
    const from = at - this.#start;
    return this.#window.copy(buffer, 0, from, Math.min(from + buffer.length, this.#filled));
  }

  isUnchanged(): Promise<boolean> {
    return this.#bytes.isUnchanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #fill(at: number): Promise<void> {
    this.#filled = 0;
    this.#filled = await this.#bytes.read(this.#window, at);
    this.#start = at;
  }
}
