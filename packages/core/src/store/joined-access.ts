import type { FilePart } from './blob-writer.ts';
import type { RandomAccess } from './random-access.ts';
import type { Range } from './ranges.ts';

/** A piece of the joined bytes, and where it starts in them. */
interface Piece {
  readonly bytes: RandomAccess;
  readonly start: number;
}

/** Several pieces read as one, without copying: the parts of a bundle. Closing it closes the pieces. */
export class JoinedAccess implements RandomAccess {
  readonly location: string;
  readonly size: number;
  readonly #pieces: readonly Piece[];

  /** @param location of all of them together, for errors. @param pieces in order */
  constructor(location: string, pieces: readonly RandomAccess[]) {
    this.location = location;
    let start = 0;
    this.#pieces = pieces.map(bytes => {
      const piece = { bytes, start };
      start += bytes.size;
      return piece;
    });
    this.size = start;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    const piece = this.#pieceAt(at);
    if (piece === undefined || buffer.length === 0) return 0;
    const offset = at - piece.start;
    return piece.bytes.read(buffer.subarray(0, piece.bytes.size - offset), offset);
  }

  files({ start, end }: Range): readonly FilePart[] {
    return this.#pieces.flatMap(({ bytes, start: first }) => {
      const from = Math.max(start - first, 0);
      const to = Math.min(end - first, bytes.size);
      return from < to ? (bytes.files?.({ start: from, end: to }) ?? []) : [];
    });
  }

  async isUnchanged(): Promise<boolean> {
    const unchanged = await Promise.all(this.#pieces.map(({ bytes }) => bytes.isUnchanged()));
    return unchanged.every(Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pieces.map(({ bytes }) => bytes[Symbol.asyncDispose]()));
  }

  /** The piece with this byte; undefined beyond the end. */
  #pieceAt(at: number): Piece | undefined {
    const piece = this.#pieces.findLast(({ start }) => start <= at);
    return piece !== undefined && at < piece.start + piece.bytes.size ? piece : undefined;
  }
}
