/** Bytes from `start` (inclusive) to `end` (exclusive). */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of byte positions, stored as sorted ranges that neither touch nor overlap. */
export class Ranges {
  #ranges: Range[] = [];

  /** Adds a range; it may overlap existing ones. */
  add({ start, end }: Range): void {
    if (start >= end) return;
    const before = this.#ranges.filter(range => range.end < start);
    const after = this.#ranges.filter(range => range.start > end);
    const touching = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const merged = {
      start: Math.min(start, touching[0]?.start ?? start),
      end: Math.max(end, touching.at(-1)?.end ?? end),
    };
    this.#ranges = [...before, merged, ...after];
  }

  [Symbol.iterator](): IterableIterator<Range> {
    return this.#ranges[Symbol.iterator]();
  }

  /** The number of bytes in the set. */
  get size(): number {
    return this.#ranges.reduce((all, { start, end }) => all + end - start, 0);
  }

  /** The end of the contiguous range that starts at 0; 0 without one. */
  get prefix(): number {
    const [first] = this.#ranges;
    return first?.start === 0 ? first.end : 0;
  }

  /** The ranges between 0 and `size` that are missing. */
  gaps(size: number): Range[] {
    const edges = [0, ...this.#ranges.flatMap(({ start, end }) => [start, end]), size];
    const gaps: Range[] = [];
    for (let at = 0; at < edges.length; at += 2) {
      const start = edges[at] ?? size;
      const end = edges[at + 1] ?? size;
      if (start < end) gaps.push({ start, end: Math.min(end, size) });
    }
    return gaps;
  }
}

/** Splits ranges into pieces of at most `size` bytes. */
export function pieces(ranges: readonly Range[], size: number): Range[] {
  return ranges.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / size);
    return Array.from({ length: count }, (_, at) => ({
      start: start + at * size,
      end: Math.min(end, start + (at + 1) * size),
    }));
  });
}
