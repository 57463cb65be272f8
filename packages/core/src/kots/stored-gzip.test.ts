import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { StoredGzip, StoredGzipContent, storedGzipSize } from './stored-gzip.ts';

/** Sizes around those of a block. */
const size = fc.oneof(
  fc.nat(300),
  fc.constantFrom(65_534, 65_535, 65_536, 131_070, 131_071),
  fc.nat(2_500_000),
);

function content(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
}

async function gzip(chunks: readonly Buffer[]): Promise<Buffer> {
  const written: Buffer[] = [];
  await pipeline(Readable.from(chunks, { objectMode: false }), new StoredGzip(), async output => {
    for await (const chunk of output) written.push(chunk as Buffer);
  });
  return Buffer.concat(written);
}

function open(bytes: Buffer): Promise<StoredGzipContent | undefined> {
  return StoredGzipContent.open(new MemoryBytes(bytes, 'test.gz'));
}

describe('stored gzip', () => {
  test.prop([size], { numRuns: 25 })(
    'decompresses to its content and has the predicted size',
    async length => {
      const bytes = await gzip([content(length)]);
      expect(gunzipSync(bytes).equals(content(length))).toBe(true);
      expect(bytes.length).toBe(storedGzipSize(length));
    },
  );

  test.prop([size, fc.integer({ min: 1, max: 200_000 })], { numRuns: 15 })(
    'has the same bytes, whatever the chunks',
    async (length, step) => {
      const bytes = content(length);
      const chunks = Array.from({ length: Math.ceil(length / step) }, (_, at) =>
        bytes.subarray(at * step, (at + 1) * step),
      );
      expect((await gzip(chunks)).equals(await gzip([bytes]))).toBe(true);
    },
  );

  test.prop([size, fc.nat(2_500_000), fc.nat(1_500_000)], { numRuns: 25 })(
    'is read in place at any offset',
    async (length, at, wanted) => {
      const stored = await open(await gzip([content(length)]));
      const buffer = Buffer.alloc(wanted);
      const read = (await stored?.read(buffer, at)) ?? -1;
      expect(stored?.size).toBe(length);
      expect(buffer.subarray(0, read).equals(content(length).subarray(at, at + wanted))).toBe(true);
    },
  );
});

describe('a file is not read in place', () => {
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['that is compressed', () => gzipSync(content(200_000))],
    ['that ends early', bytes => bytes.subarray(0, -1)],
    ['that has more at the end', bytes => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['that is no gzip', bytes => Buffer.concat([Buffer.alloc(1), bytes.subarray(1)])],
    ['with another content size', bytes => withByte(bytes, bytes.length - 4)],
    ['that is empty', () => Buffer.alloc(0)],
  ])('%s', async (_name, change) => {
    expect(await open(change(await gzip([content(200_000)])))).toBeUndefined();
  });
});

it('a block that is not stored ends the content', async () => {
  const bytes = await gzip([content(200_000)]);
  const second = 10 + 5 + 65_535;
  const stored = await open(withByte(bytes, second));
  const buffer = Buffer.alloc(200_000);
  expect(await stored?.read(buffer, 0)).toBe(65_535);
});

function withByte(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 0x02;
  return changed;
}
