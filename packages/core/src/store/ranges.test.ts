import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { pieces, type Range, Ranges } from './ranges.ts';

const SIZE = 60;
const anyRange = fc
  .tuple(fc.nat(SIZE), fc.nat(SIZE))
  .map(([a, b]): Range => ({ start: Math.min(a, b), end: Math.max(a, b) }));

/** The same set, byte by byte. */
function bytesOf(ranges: readonly Range[]): Set<number> {
  return new Set(
    ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, at) => start + at)),
  );
}

describe('ranges', () => {
  test.prop([fc.array(anyRange)])('contain each added byte once', added => {
    const ranges = new Ranges();
    for (const range of added) ranges.add(range);
    const bytes = bytesOf(added);
    expect(ranges.size).toBe(bytes.size);
    const gaps = bytesOf(ranges.gaps(SIZE));
    for (let at = 0; at < SIZE; at += 1) expect(gaps.has(at)).toBe(!bytes.has(at));
    expect(bytes.has(ranges.prefix)).toBe(false);
    for (let at = 0; at < ranges.prefix; at += 1) expect(bytes.has(at)).toBe(true);
  });

  test.prop([fc.array(anyRange)])('never touch each other', added => {
    const ranges = new Ranges();
    for (const range of added) ranges.add(range);
    const gaps = ranges.gaps(SIZE);
    for (const [at, gap] of gaps.entries()) expect(gap.start).toBeGreaterThan(gaps[at - 1]?.end ?? -1);
  });

  test.prop([fc.array(anyRange, { maxLength: 3 }), fc.integer({ min: 1, max: 20 })])(
    'split into pieces, are the same bytes',
    (ranges, size) => {
      const split = pieces(ranges, size);
      expect(bytesOf(split)).toEqual(bytesOf(ranges));
      for (const { start, end } of split) expect(end - start).toBeLessThanOrEqual(size);
    },
  );
});
