import { describe, expect, it } from 'vitest';
import type { Range } from '../../store/ranges.ts';
import { readFully } from '../../store/read-ranges.ts';
import { AheadBudget, ReadAhead } from './read-ahead.ts';
import type { StoredObject } from './stored-object.ts';

const MIB = 1024 * 1024;
const SIZE = 40 * MIB + 77;
/** The window, and the piece that is read. */
const MAX_PIECES = 17;
const NOTHING_KEPT = { copy: () => 0 };

/** An object whose bytes are the number of their MiB. It remembers the memory that it was fetched into. */
class FetchedObject implements StoredObject {
  readonly location = 'https://example.com/app.tar';
  readonly size = SIZE;
  readonly memory = new Set<ArrayBufferLike>();
  fetched = 0;
  /** Delays the fetches that start meanwhile. */
  delay: Promise<void> | undefined;

  async fetch({ start, end }: Range, into: Uint8Array): Promise<void> {
    this.memory.add(into.buffer);
    await this.delay;
    this.fetched += end - start;
    for (let at = start; at < end; ) {
      const next = Math.min(end, (Math.floor(at / MIB) + 1) * MIB);
      into.fill(Math.floor(at / MIB), at - start, next - start);
      at = next;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const open = (object: StoredObject, budget = new AheadBudget(), range = { start: 0, end: SIZE }) =>
  new ReadAhead(object, NOTHING_KEPT, budget, range);

/** Reads a MiB, or what is left of the last one. */
async function readMib(bytes: ReadAhead, number: number): Promise<Set<number>> {
  const buffer = Buffer.alloc(Math.min(MIB, bytes.size - number * MIB));
  expect(await readFully(bytes, buffer, number * MIB)).toBe(true);
  return new Set(buffer);
}

describe('reading ahead', () => {
  it('fetches every byte once, into memory that is used again', async () => {
    const object = new FetchedObject();
    await using bytes = open(object);
    for (let number = 0; number * MIB < SIZE; number += 1)
      expect(await readMib(bytes, number)).toEqual(new Set([number]));
    expect(object.fetched).toBe(SIZE);
    expect(object.memory.size).toBeLessThanOrEqual(MAX_PIECES);
  });

  it('shares the memory between readers', async () => {
    const object = new FetchedObject();
    const budget = new AheadBudget();
    for (let number = 0; number < 40; number += 4) {
      await using bytes = open(object, budget, { start: number * MIB, end: (number + 4) * MIB });
      expect(await readMib(bytes, 0)).toEqual(new Set([number]));
      expect(await readMib(bytes, 3)).toEqual(new Set([number + 3]));
    }
    expect(object.memory.size).toBeLessThanOrEqual(MAX_PIECES);
  });

  it('does not use memory again while an abandoned fetch writes into it', async () => {
    const object = new FetchedObject();
    await using bytes = open(object);
    let release = () => {};
    object.delay = new Promise(resolve => {
      release = resolve;
    });
    const abandoned = bytes.read(Buffer.alloc(10), 0);
    object.delay = undefined;
    expect(await readMib(bytes, 30)).toEqual(new Set([30]));
    release();
    await abandoned;
    expect(await readMib(bytes, 30)).toEqual(new Set([30]));
  });
});
