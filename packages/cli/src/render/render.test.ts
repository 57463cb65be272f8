import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { formatJson } from './json.ts';
import { printable, printableText } from './printable.ts';
import { renderTable } from './table.ts';
import { renderVerification } from './verification.ts';
import { clip, widthOf } from './width.ts';

const PLAIN = pc.createColors(false);

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [1_500_000_000, '1.5 GB'],
    [2.5e15, '2.5 PB'],
    [5e18, '5000 PB'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatDuration', () => {
  it.each([
    [0, '0.0 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_600, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('printable', () => {
  it.each([
    ['an escape', 'a\u001b[31mb', 'a\\u{1b}[31mb'],
    ['an 8-bit escape', '\u009b31m', '\\u{9b}31m'],
    ['a bidirectional mark', 'a\u202eb', 'a\\u{202e}b'],
    ['a line ending', 'a\nerror: forged', 'a\\u{a}error: forged'],
    ['a line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['other scripts, unchanged', 'Grüße 世界', 'Grüße 世界'],
  ])('%s', (_name, text, shown) => expect(printable(text)).toBe(shown));

  it('for multi-line text keeps line endings and tabs only', () =>
    expect(printableText('a\n\tb\r\u001b')).toBe('a\n\tb\\u{d}\\u{1b}'));
});

describe('formatJson', () => {
  const value = { text: 'a\u009b\u202e\u{e0001}\u001b\n' };
  it('has no control characters', () => expect(formatJson(value)).not.toMatch(/\p{C}/u));
  it('reads back as the same value', () => expect(JSON.parse(formatJson(value, 2))).toEqual(value));
});

describe('width', () => {
  it.each([
    ['ASCII', 'abc', 3],
    ['wide characters', '世界', 4],
    ['a combining mark', 'e\u0301', 1],
    ['an emoji', '🎉', 2],
  ])('of %s', (_name, text, width) => expect(widthOf(text)).toBe(width));

  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['世界人', 4, '世…'],
    ['abc', 0, ''],
  ])('clip %s to %d', (text, columns, clipped) => expect(clip(text, columns)).toBe(clipped));
});

it('a table aligns its columns by display width', () =>
  expect(
    renderTable(
      [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }],
      [
        ['世界', '1 B'],
        ['a', '100 kB'],
      ],
    ),
  ).toBe('NAME    SIZE\n世界     1 B\na     100 kB\n'));

it('a verification shows each problem with its place, then the verdict', () => {
  const problems = [{ message: 'bad\u001b', entry: 'blobs/sha256/aa', offset: 512 }];
  const result = {
    path: 'b.tar',
    form: 'bundle' as const,
    signatures: [],
    images: ['a', 'b'],
    blobs: 1,
    bytes: 1000,
    problems,
  };
  expect(renderVerification(result, PLAIN)).toBe(
    'problem: bad\\u{1b}  (blobs/sha256/aa at byte 512)\nb.tar: FAILED: 2 names, 1 blob, 1.0 kB\n',
  );
});
