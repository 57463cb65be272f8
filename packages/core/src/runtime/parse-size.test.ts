import { expect, it } from 'vitest';
import { parseSize } from './parse-size.ts';

it.each([
  ['77.8MB', 77_800_000],
  ['1.23kB', 1230],
  ['1.5 GiB', 1_610_612_736],
  ['0B', 0],
  ['12', 0],
  ['MB', 0],
  ['1.2.3MB', 0],
  ['5 parsecs', 0],
])('"%s" is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));
