/** Bytes from `start` up to, and without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of bytes, kept as ranges that neither touch nor overlap, in order. */
export class Ranges {
  #ranges: Range[] = [];

  /** Adds bytes; those that are there already stay there once. */
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

  /** How many bytes there are. */
  get size(): number {
    return this.#ranges.reduce((all, { start, end }) => all + end - start, 0);
  }

  /** Where the bytes end that are there from 0 on without a gap. */
  get prefix(): number {
    const [first] = this.#ranges;
    return first?.start === 0 ? first.end : 0;
  }

  /** What is missing of the bytes from 0 to `size`. */
  gaps(size: number): Range[] {
    const edges = [0, ...this.#ranges.flatMap(({ start, end }) => [start, end]), size];
    const gaps: Range[] = [];
    for (let at = 0; at < edges.length; at += 2) {
      const [start = size, end = size] = [edges[at], edges[at + 1]];
      if (start < end) gaps.push({ start, end: Math.min(end, size) });
    }
    return gaps;
  }
}

/** Cuts ranges into pieces of at most `size` bytes. */
export function pieces(ranges: readonly Range[], size: number): Range[] {
  return ranges.flatMap(({ start, end }) => {
    const count = Math.ceil((end - start) / size);
    return Array.from({ length: count }, (_, at) => ({
      start: start + at * size,
      end: Math.min(end, start + (at + 1) * size),
    }));
  });
}
