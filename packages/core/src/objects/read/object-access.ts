import type { RandomAccess, RemoteAccess } from '../../store/random-access.ts';
import { pieces, type Range } from '../../store/ranges.ts';
import { AheadBudget, ReadAhead } from './read-ahead.ts';
import type { OpenedObject, StoredObject } from './stored-object.ts';

/** The bytes of one request for the start of an object. */
const PIECE = 16 * 1024 * 1024;
/** How many bytes a small read fetches: a walk over a tar reads header after header. */
const BLOCK = 64 * 1024;

/** Bytes in memory, and where they are in the object. */
interface Kept {
  readonly start: number;
  readonly bytes: Buffer;
}

/** An object that is read at any offset. The start of it stays in memory. */
export class ObjectAccess implements RemoteAccess {
  readonly location: string;
  readonly size: number;
  readonly #object: StoredObject;
  readonly #budget = new AheadBudget();
  /** The start, without gaps. */
  readonly #kept: Kept[];
  /** The last small read. */
  #block: Kept = { start: 0, bytes: Buffer.alloc(0) };

  /** Closing it closes the object. */
  constructor({ object, start }: OpenedObject) {
    this.#object = object;
    this.location = object.location;
    this.size = object.size;
    this.#kept = [{ start: 0, bytes: start }];
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    const wanted = buffer.subarray(0, Math.max(0, this.size - at));
    if (wanted.length === 0) return 0;
    const kept = this.copy(wanted, at) || copyFrom(this.#block, wanted, at);
    if (kept > 0) return kept;
    if (wanted.length >= BLOCK) {
      await this.#object.fetch({ start: at, end: at + wanted.length }, wanted);
      return wanted.length;
    }
    const bytes = Buffer.alloc(Math.min(BLOCK, this.size - at));
    await this.#object.fetch({ start: at, end: at + bytes.length }, bytes);
    this.#block = { start: at, bytes };
    return copyFrom(this.#block, wanted, at);
  }

  /** Copies bytes of the start that is in memory. @returns the number of bytes */
  copy(buffer: Uint8Array, at: number): number {
    const kept = this.#kept.findLast(({ start }) => start <= at);
    return kept === undefined ? 0 : copyFrom(kept, buffer, at);
  }

  async keepStart(end: number): Promise<void> {
    const { start, bytes } = this.#kept.at(-1) as Kept;
    const missing = pieces([{ start: start + bytes.length, end: Math.min(end, this.size) }], PIECE);
    const fetched = missing.map(async (range): Promise<Kept> => {
      const buffer = Buffer.allocUnsafeSlow(range.end - range.start);
      await this.#object.fetch(range, buffer);
      return { start: range.start, bytes: buffer };
    });
    this.#kept.push(...(await Promise.all(fetched)));
  }

  section(range: Range): RandomAccess {
    return new ReadAhead(this.#object, this, this.#budget, range);
  }

  /** Every range is of the version that was opened: a fetch fails when it was replaced. */
  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#object[Symbol.asyncDispose]();
  }
}

function copyFrom({ start, bytes }: Kept, buffer: Uint8Array, at: number): number {
  return at < start ? 0 : bytes.subarray(at - start).copy(buffer);
}
