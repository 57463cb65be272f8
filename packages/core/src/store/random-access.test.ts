import { describe, expect, it } from 'vitest';
import { MemoryWriter } from './blob-writer.ts';
import { MemoryBytes } from './memory-bytes.ts';
import { type RandomAccess, slice } from './random-access.ts';
import { readFully, readRanges } from './read-ranges.ts';

const bytes = Buffer.from('0123456789');
const whole = new MemoryBytes(bytes, 'x.tar');
const part = slice(whole, { start: 2, end: 7 });

/** Reads at most one byte at a time. */
const slow: RandomAccess = {
  location: 'x.tar',
  size: whole.size,
  read: (buffer, at) => whole.read(buffer.subarray(0, 1), at),
  isUnchanged: async () => true,
  [Symbol.asyncDispose]: async () => {},
};

async function read(from: RandomAccess, at: number, size: number): Promise<string> {
  const buffer = Buffer.alloc(size);
  const count = await from.read(buffer, at);
  return buffer.toString('utf8', 0, count);
}

describe('a slice', () => {
  it.each([
    [0, 5, '23456'],
    [0, 2, '23'],
    [3, 2, '56'],
    [3, 10, '56'],
    [0, 100, '23456'],
    [5, 1, ''],
    [9, 1, ''],
  ])('at %i has at most %i bytes: "%s"', async (at, size, text) =>
    expect(await read(part, at, size)).toBe(text),
  );

  it('of a slice counts from its own start', async () =>
    expect(await read(slice(part, { start: 1, end: 3 }), 0, 10)).toBe('34'));

  it('has its own size, and no files of bytes in memory', () =>
    expect([part.size, part.location, part.files]).toEqual([5, 'x.tar', undefined]));

  it('has the files of its range', () => {
    const files = ({ start, end }: { start: number; end: number }) => [
      { fd: 3, offset: start, size: end - start },
    ];
    const sliced = slice({ ...slow, files }, { start: 2, end: 7 });
    expect(sliced.files?.({ start: 1, end: 4 })).toEqual([{ fd: 3, offset: 3, size: 3 }]);
  });
});

describe.each([
  ['at once', whole],
  ['byte by byte', slow],
])('bytes that are read %s', (_name, from) => {
  it.each([
    [0, 10, true],
    [4, 6, true],
    [4, 7, false],
    [10, 0, true],
    [10, 1, false],
  ])('fill a buffer at %i of %i bytes: %s', async (at, size, filled) => {
    const buffer = Buffer.alloc(size);
    expect(await readFully(from, buffer, at)).toBe(filled);
    if (filled) expect(buffer).toEqual(bytes.subarray(at, at + size));
  });

  it('are written by ranges, up to their end', async () => {
    const writer = new MemoryWriter(20);
    await readRanges(
      from,
      [
        { start: 1, end: 3 },
        { start: 8, end: 20 },
      ],
      writer,
    );
    expect([...writer.written]).toEqual([
      { start: 1, end: 3 },
      { start: 8, end: 10 },
    ]);
    expect(writer.bytes.toString('utf8', 1, 3) + writer.bytes.toString('utf8', 8, 10)).toBe('1289');
  });
});
