import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { BLOCK } from '../tar/header.ts';
import { placeEntries } from '../tar/plan.ts';
import { cutTasks, MAX_PARTS, parseUploadPartSize, partSizeFor } from './upload-tasks.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const MIN = 5 * MIB;

function places(sizes: readonly number[]) {
  return placeEntries(sizes.map((size, index) => ({ name: `blobs/${index}`, size, content: undefined })));
}

const entrySize = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 200 * MIB }));

describe('cutTasks', () => {
  test.prop([
    fc.array(entrySize, { maxLength: 60 }),
    fc.integer({ min: MIN / BLOCK, max: (64 * MIB) / BLOCK }),
  ])('covers the tar once, with parts that a store accepts', (sizes, blocks) => {
    const tar = places(sizes);
    const partSize = blocks * BLOCK;
    const tasks = cutTasks(tar, partSize);
    const parts = tasks.flatMap(task => task.parts);
    expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
    let at = 0;
    for (const { start, end } of parts) {
      expect(start).toBe(at);
      expect(end).toBeGreaterThan(start);
      at = end;
    }
    expect(at).toBe(tar.size);
    for (const { start, end } of parts.slice(0, -1)) {
      expect(end - start).toBeGreaterThanOrEqual(MIN);
      expect((end - start) % BLOCK).toBe(0);
    }
    for (const { start, end } of parts) expect(end - start).toBeLessThanOrEqual(2 * partSize + MIN);
    const headers = new Set([0, ...tar.entries.map(({ headerOffset }) => headerOffset)]);
    for (const task of tasks) {
      expect(headers.has(task.start)).toBe(true);
      expect(task.parts[0]?.start).toBe(task.start);
      expect(task.parts.at(-1)?.end).toBe(task.end);
    }
  });

  it.each([
    ['one part for a small tar', [1000, 2000], MIN, [1]],
    ['a task of its own for a large entry', [6 * MIB, 100 * MIB, 6 * MIB], 10 * MIB, [1, 10, 1]],
    ['no task of its own after too few bytes', [MIB, 100 * MIB, MIB], 10 * MIB, [10]],
    ['a task for several small entries', Array(10).fill(3 * MIB), 8 * MIB, [1, 1, 1]],
  ])('makes %s', (_case, sizes, partSize, parts) => {
    expect(cutTasks(places(sizes), partSize).map(task => task.parts.length)).toEqual(parts);
  });

  it('keeps 20 TB below the limit of parts, in parts of less than 5 GiB', () => {
    const tar = places([...Array(5000).fill(3 * GIB), 5000 * GIB]);
    const parts = cutTasks(tar, partSizeFor(tar.size)).flatMap(task => task.parts);
    expect(parts.length).toBeLessThan(MAX_PARTS);
    expect(Math.max(...parts.map(({ start, end }) => end - start))).toBeLessThan(5 * GIB);
  });

  it.each([
    ['too small parts', 100 * GIB, MIN, { code: 'USAGE', hint: expect.stringContaining('at least 67.1 MB') }],
    ['a tar that no object holds', 60_000 * GIB, 2 * GIB, { code: 'UNSUPPORTED' }],
  ])('rejects %s', (_case, size, partSize, error) => {
    const cut = () => cutTasks(places([size]), partSize);
    expect(cut).toThrow(expect.objectContaining(error));
  });
});

describe('parseUploadPartSize', () => {
  it.each([
    ['5MiB', MIN],
    ['64MiB', 64 * MIB],
    ['2GiB', 2 * GIB],
  ])('reads %s', (text, size) => expect(parseUploadPartSize(text)).toBe(size));

  it.each(['4MiB', '5MB', '3GiB', '', 'x', '-1'])('rejects %j', text => {
    expect(() => parseUploadPartSize(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
