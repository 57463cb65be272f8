import type { RandomAccess } from '../../store/random-access.ts';
import type { Range } from '../../store/ranges.ts';
import type { StoredObject } from './stored-object.ts';

/** The bytes of one request. */
const PIECE = 2 * 1024 * 1024;
/** The most pieces that one reader has in memory. */
const MAX_WINDOW = 16;

/**
 * Limits the pieces that all readers of an object fetch before they are read. Their memory is used over and over: Node
 * frees garbage of this size later than a fast server sends more of it.
 */
export class AheadBudget {
  #available = MAX_WINDOW;
  readonly #free: Buffer[] = [];

  take(): boolean {
    if (this.#available === 0) return false;
    this.#available -= 1;
    return true;
  }

  release(): void {
    this.#available += 1;
  }

  /** Memory for a piece, with any bytes in it. */
  allocate(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PIECE);
  }

  /** Takes back the memory of a piece that nothing writes or reads any more. */
  recycle(memory: Buffer): void {
    this.#free.push(memory);
  }
}

/** The bytes that a reader has of an object without a request. */
export interface KeptBytes {
  /** Copies what is kept from an offset. @returns the number of bytes */
  copy(buffer: Uint8Array, at: number): number;
}

/** A part of the object that is fetched, or was. */
interface Piece extends Range {
  readonly memory: Buffer;
  /** Settles when it is in the memory. */
  readonly fetched: Promise<void>;
  readonly cancel: AbortController;
  /** Whether it counts in the budget. */
  readonly isAhead: boolean;
}

/**
 * A range of an object that is read in order. The pieces that follow are fetched meanwhile: one at first, and twice as
 * many after each, as far as the budget allows. A reader always has the piece that it reads, so that readers never wait
 * for each other.
 */
export class ReadAhead implements RandomAccess {
  readonly size: number;
  readonly #object: StoredObject;
  readonly #kept: KeptBytes;
  readonly #budget: AheadBudget;
  readonly #range: Range;
  #pieces: Piece[] = [];
  #window = 1;

  constructor(object: StoredObject, kept: KeptBytes, budget: AheadBudget, range: Range) {
    this.#object = object;
    this.#kept = kept;
    this.#budget = budget;
    this.#range = { start: range.start, end: Math.min(range.end, object.size) };
    this.size = range.end - range.start;
  }

  get location(): string {
    return this.#object.location;
  }

  async read(buffer: Uint8Array, offset: number): Promise<number> {
    const at = this.#range.start + offset;
    const wanted = buffer.subarray(0, Math.max(0, this.#range.end - at));
    if (wanted.length === 0) return 0;
    const kept = this.#kept.copy(wanted, at);
    if (kept > 0) return kept;
    const piece = this.#pieceAt(at);
    await piece.fetched;
    return piece.memory.copy(wanted, 0, at - piece.start, piece.end - piece.start);
  }

  /** A range of this range, with its own pieces. */
  section({ start, end }: Range): RandomAccess {
    const first = this.#range.start;
    const range = { start: first + start, end: Math.min(first + end, this.#range.end) };
    return new ReadAhead(this.#object, this.#kept, this.#budget, range);
  }

  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drop(this.#pieces.length);
  }

  /** The piece with a byte, and the start of those after it. */
  #pieceAt(at: number): Piece {
    const index = this.#pieces.findIndex(({ start, end }) => start <= at && at < end);
    const isNext = index === 1 || (index < 0 && this.#pieces.at(-1)?.end === at);
    if (isNext) this.#window = Math.min(MAX_WINDOW, this.#window * 2);
    else if (index < 0) this.#window = 1;
    this.#drop(index < 0 ? this.#pieces.length : index);
    if (this.#pieces.length === 0) this.#start(at, false);
    const [piece] = this.#pieces as [Piece];
    this.#fetchAhead();
    return piece;
  }

  #fetchAhead(): void {
    while (this.#pieces.length < this.#window) {
      const next = this.#pieces.at(-1)?.end ?? this.#range.end;
      if (next >= this.#range.end || !this.#budget.take()) return;
      this.#start(next, true);
    }
  }

  #start(start: number, isAhead: boolean): void {
    const end = Math.min(start + PIECE, this.#range.end);
    const cancel = new AbortController();
    const memory = this.#budget.allocate();
    const fetched = this.#object.fetch({ start, end }, memory.subarray(0, end - start), cancel.signal);
    // It may be dropped before it is read.
    fetched.catch(() => {});
    this.#pieces.push({ start, end, memory, fetched, cancel, isAhead });
  }

  /** Drops the first pieces. */
  #drop(count: number): void {
    for (const { memory, fetched, cancel, isAhead } of this.#pieces.splice(0, count)) {
      cancel.abort();
      const recycle = () => this.#budget.recycle(memory);
      fetched.then(recycle, recycle);
      if (isAhead) this.#budget.release();
    }
  }
}
