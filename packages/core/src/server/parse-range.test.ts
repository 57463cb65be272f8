import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseRange } from './parse-range.ts';

const SIZE = 1000;
const digits = fc.stringMatching(/^[0-9]{0,30}$/);
const pieces = fc.constantFrom('bytes', '=', '-', ',', ' ', '\t', '0', '7', '999', '1000', 'x', '\u00a0');

describe('a Range header', () => {
  it.each([
    ['bytes=0-9', { start: 0, end: 10 }],
    ['Bytes=990-', { start: 990, end: 1000 }],
    ['bytes=-10', { start: 990, end: 1000 }],
    ['bytes=0-99999999999999999999', { start: 0, end: 1000 }],
    ['bytes=99999999999999999999-', 'unsatisfiable'],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-0', 'complete'],
    ['bytes=-', 'complete'],
    ['bytes=0-1,5-6', 'complete'],
    // The specification allows no blanks.
    ['bytes= 0-9', 'complete'],
    ['bytes =0-9', 'complete'],
    [' bytes=0-9', 'complete'],
    ['items=0-9', 'complete'],
    [`bytes=${'0'.repeat(200)}-9`, 'complete'],
    [undefined, 'complete'],
  ])('%s selects %j', (header, range) => expect(parseRange(header, SIZE)).toEqual(range));

  it.each([' ', '\t', '0', '-', 'bytes=', ' =', '0-', '=  -'])(
    'of 100 KB of %j is read in linear time',
    pump => {
      for (const start of ['', 'bytes', 'bytes=', 'bytes=0', 'bytes=0-'])
        for (const end of ['', '!', ' -'])
          expect(parseRange(start + pump.repeat(100_000) + end, SIZE)).toBe('complete');
    },
  );

  test.prop([digits, digits, fc.nat(2 ** 40)])(
    'selects bytes of the content, or none',
    (first, last, size) => {
      const range = parseRange(`bytes=${first}-${last}`, size);
      if (typeof range === 'string') return;
      expect(range.start).toBeLessThan(range.end);
      expect(range.end).toBeLessThanOrEqual(size);
      if (first !== '') expect(BigInt(range.start)).toBe(BigInt(first));
    },
  );

  test.prop([fc.array(pieces).map(parts => parts.join(''))])('of any form is read', header => {
    const range = parseRange(header, SIZE);
    if (typeof range === 'object') expect(header).toMatch(/^bytes=\d*-\d*$/i);
  });
});
