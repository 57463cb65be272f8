import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { partCount, partPath, sizeOfPart, splitRange } from './parts.ts';

const size = fc.integer({ min: 1, max: 5_000 });

describe('the parts of a tar', () => {
  test.prop([size, size])('have the size of the tar together', (total, partSize) => {
    const sizes = Array.from({ length: partCount(total, partSize) }, (_, part) =>
      sizeOfPart(part, total, partSize),
    );
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
    expect(sizes.every(bytes => bytes > 0 && bytes <= partSize)).toBe(true);
    expect(sizes.slice(0, -1).every(bytes => bytes === partSize)).toBe(true);
  });

  test.prop([fc.nat(5_000), fc.nat(5_000), size])(
    'hold every byte of a range once, in order',
    (start, length, partSize) => {
      const ranges = splitRange({ start, end: start + length }, partSize);
      let at = start;
      for (const range of ranges) {
        expect(range.part * partSize + range.start).toBe(at);
        expect(range.end).toBeLessThanOrEqual(partSize);
        at += range.end - range.start;
      }
      expect(at).toBe(start + length);
      expect(ranges.filter(range => range.start === range.end)).toHaveLength(length === 0 ? 1 : 0);
    },
  );

  it.each<[number, string]>([
    [0, 'bundle.tar.001'],
    [9, 'bundle.tar.010'],
    [998, 'bundle.tar.999'],
  ])('part %d is %s', (part, name) => expect(partPath('bundle.tar', part)).toBe(name));
});
