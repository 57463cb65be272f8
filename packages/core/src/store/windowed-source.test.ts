import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { digestOf } from '../oci/digest.ts';
import { type ChunkWriter, HashingWriter } from './blob-writer.ts';
import type { BlobSource } from './image-source.ts';
import type { Range } from './ranges.ts';
import { ReadWindow, WindowedSource } from './windowed-source.ts';

const MIB = 1024 ** 2;
const bytes = Buffer.alloc(30 * MIB + 77);
for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, Math.min(at, bytes.length - 4));
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length };

interface Options {
  readonly servesRanges?: boolean;
  readonly fails?: (range: Range) => boolean;
  readonly length?: number;
}

/** A source in memory that records its requests, and answers in no particular order. */
class RecordingSource implements BlobSource {
  readonly origin = { host: 'source.test' };
  readonly seen: Range[] = [];
  servesRanges: boolean | undefined;
  active = 0;
  most = 0;
  readonly #options: Options;

  constructor(options: Options = {}) {
    this.#options = options;
  }

  async has(): Promise<boolean> {
    return true;
  }

  async read(_blob: unknown, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    const { servesRanges = true, fails, length = bytes.length } = this.#options;
    this.active += 1;
    this.most = Math.max(this.most, this.active);
    for (const { start, end } of wanted) {
      this.seen.push({ start, end });
      await sleep(Math.random() * 5);
      if (fails?.({ start, end })) throw new AirgapError('NETWORK', 'broken');
      await into.write(bytes.subarray(start, Math.min(end, length)), start);
    }
    this.servesRanges = servesRanges;
    this.active -= 1;
  }
}

async function readAll(source: RecordingSource, window = new ReadWindow()) {
  const received: Buffer[] = [];
  const writer = new HashingWriter({
    write: chunk => {
      received.push(Buffer.from(chunk));
      return sleep(1);
    },
  });
  await new WindowedSource(source, window).read(blob, writer, [{ start: 0, end: blob.size }]);
  return Buffer.concat(received);
}

describe('a windowed source', () => {
  it('writes in order what it reads ahead, and reads each byte once', async () => {
    const source = new RecordingSource();
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect(source.most).toBeGreaterThan(2);
    expect(source.seen.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(bytes.length);
  });

  it('reads the rest at once from a source that does not serve ranges', async () => {
    const source = new RecordingSource({ servesRanges: false });
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect(source.seen).toEqual([
      { start: 0, end: 4 * MIB },
      { start: 4 * MIB, end: bytes.length },
    ]);
    source.seen.length = 0;
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect(source.seen).toEqual([{ start: 0, end: bytes.length }]);
  });

  it('fails with the error of a range, and gives its buffers back', async () => {
    const window = new ReadWindow();
    for (let tries = 0; tries < 20; tries += 1) {
      const source = new RecordingSource({ fails: ({ start }) => start === 8 * MIB });
      await expect(readAll(source, window)).rejects.toMatchObject({ message: 'broken' });
    }
    expect((await readAll(new RecordingSource(), window)).equals(bytes)).toBe(true);
  });

  it('ends early when the stored blob is too short', async () => {
    const source = new RecordingSource({ length: 9 * MIB });
    expect((await readAll(source)).length).toBe(9 * MIB);
  });

  it('serves several blobs with one window, without more requests than it has buffers', async () => {
    const window = new ReadWindow();
    const source = new RecordingSource();
    const all = await Promise.all(Array.from({ length: 6 }, () => readAll(source, window)));
    expect(all.every(one => one.equals(bytes))).toBe(true);
    expect(source.most).toBeLessThanOrEqual(24);
  });
});
