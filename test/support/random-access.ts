import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RandomAccess, slice } from '../../packages/core/src/store/random-access.ts';
import { readFully, readInOrder } from '../../packages/core/src/store/read-ranges.ts';
import { noiseOf } from './images/image.ts';

/** Larger than the start and several pieces of what is fetched. */
export const CONTENT = noiseOf(77, 11 * 1024 * 1024 + 3).bytes;
const SIZE = CONTENT.length;

/** The tests that every implementer of `RandomAccess` passes. @param open opens something with {@link CONTENT} */
export function randomAccessContract(open: () => Promise<RandomAccess>): void {
  let bytes: RandomAccess;
  beforeAll(async () => {
    bytes = await open();
  });
  afterAll(() => bytes?.[Symbol.asyncDispose]());

  const filled = async (from: RandomAccess, at: number, size: number) => {
    const buffer = Buffer.alloc(size);
    return (await readFully(from, buffer, at)) ? buffer : undefined;
  };

  it('has its size and its location, and is unchanged', async () => {
    expect(bytes.size).toBe(SIZE);
    expect(bytes.location).not.toBe('');
    expect(await bytes.isUnchanged()).toBe(true);
  });

  it.each([
    [0, 10],
    [5_000_000, 512],
    [5_000_512, 512],
    [1024 * 1024 - 5, 10],
    [3, 9_000_000],
    [SIZE - 1, 1],
    [SIZE, 0],
  ])('reads at %i %i bytes', async (at, size) => {
    expect((await filled(bytes, at, size))?.equals(CONTENT.subarray(at, at + size))).toBe(true);
  });

  it.each([
    [SIZE - 5, 10, 5],
    [SIZE, 10, 0],
    [SIZE + 1_000_000, 10, 0],
  ])('has at %i less than %i bytes', async (at, size, expected) => {
    const buffer = Buffer.alloc(size);
    expect(await bytes.read(buffer, at)).toBe(expected);
    expect(await filled(bytes, at, size)).toBeUndefined();
  });

  it('is read in order, also a slice of a slice', async () => {
    const part = slice(slice(bytes, { start: 100, end: SIZE - 1 }), { start: 900, end: 9_000_000 });
    for (const [from, expected] of [
      [bytes, CONTENT],
      [part, CONTENT.subarray(1000, 9_000_100)],
    ] as const) {
      const hash = createHash('sha256');
      for await (const chunk of readInOrder(from)) hash.update(chunk);
      expect(hash.digest('hex')).toBe(createHash('sha256').update(expected).digest('hex'));
    }
  });

  it('is read by many readers at once, in any order', async () => {
    const offsets = Array.from({ length: 40 }, (_, index) => (index * 7_919_003) % (SIZE - 70_000));
    const parts = await Promise.all(
      offsets.map(at => filled(slice(bytes, { start: at, end: at + 70_000 }), 0, 70_000)),
    );
    const wrong = offsets.filter((at, index) => !parts[index]?.equals(CONTENT.subarray(at, at + 70_000)));
    expect(wrong).toEqual([]);
  });

  it('does not wait for a slice that is not read to its end', async () => {
    await using part = slice(bytes, { start: 2_000_000, end: SIZE });
    expect((await filled(part, 0, 10))?.equals(CONTENT.subarray(2_000_000, 2_000_010))).toBe(true);
    expect((await filled(bytes, 9_500_000, 10))?.equals(CONTENT.subarray(9_500_000, 9_500_010))).toBe(true);
  });
}
