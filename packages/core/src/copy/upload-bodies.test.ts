import { describe, expect, it } from 'vitest';
import { noiseOf } from '../../../../test/support/images/image.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { AirgapEvent } from '../store/events.ts';
import { HashPool } from '../store/hash-pool.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { Range } from '../store/ranges.ts';
import { UploadBodies } from './upload-bodies.ts';

const content = noiseOf(1, 1_500_000).bytes;
const blob: Descriptor = { mediaType: 'x', digest: digestOf(content), size: content.length };

/** Bytes of which each read is a request. */
function remote(stored: Buffer): RandomAccess {
  const bytes = new MemoryBytes(stored, 'b.tar');
  return Object.assign(bytes, {
    section: (range: Range) => new MemoryBytes(stored.subarray(range.start, range.end), 'b.tar'),
  });
}

/** Reads a part of a body of these stored bytes. */
async function read(
  stored: Buffer,
  start = 0,
  end = blob.size,
  open = (bytes: Buffer): RandomAccess => new MemoryBytes(bytes, 'b.tar'),
) {
  let opened = 0;
  await using hashPool = new HashPool();
  const events: AirgapEvent[] = [];
  const opener = {
    open: async () => {
      opened += 1;
      return open(stored);
    },
  };
  const body = new UploadBodies(opener, hashPool, event => void events.push(event)).of(blob);
  const chunks: Buffer[] = [];
  const error = await (async () => {
    // A chunk is valid only until the one after the next is requested.
    for await (const chunk of body(start, end)) chunks.push(Buffer.from(chunk));
  })().catch((thrown: unknown) => thrown);
  const received = events.map(event => (event.type === 'blob-progress' ? event.received : 0));
  return { bytes: Buffer.concat(chunks), error, received, opened };
}

const flipped = Buffer.from(content).fill((content[9] ?? 0) ^ 1, 9, 10);

describe('the body of an upload', () => {
  it.each([
    [0, blob.size],
    [0, 5],
    [300_000, 900_001],
    [1_499_999, blob.size],
    [7, 7],
  ])('has the bytes %i to %i', async (start, end) => {
    const { bytes, error } = await read(content, start, end);
    expect([bytes.equals(content.subarray(start, end)), error]).toEqual([true, undefined]);
  });

  it('reports its progress about every MiB', async () =>
    expect((await read(content)).received).toEqual([1_048_576, blob.size]));

  it.each<[string, number]>([
    ['complete', 0],
    ['a part with the end', 1_000_000],
  ])('holds back the last chunk of a damaged blob: %s', async (_name, start) => {
    const { bytes, error } = await read(flipped, start);
    expect(error).toMatchObject({ code: 'CONTENT', where: { path: 'b.tar', digest: blob.digest } });
    expect(start + bytes.length).toBeLessThan(blob.size);
  });

  it('reads a blob once that is read by requests, and verifies it meanwhile', async () => {
    const { bytes, error, opened } = await read(content, 0, blob.size, remote);
    expect([bytes.equals(content), error, opened]).toEqual([true, undefined, 1]);
    const damaged = await read(flipped, 0, blob.size, remote);
    expect(damaged.error).toMatchObject({ code: 'CONTENT', where: { path: 'b.tar', digest: blob.digest } });
    expect(damaged.bytes.length).toBeLessThan(blob.size);
    // The end of a blob alone says nothing: all of it is read once more.
    const part = await read(flipped, 1_000_000, blob.size, remote);
    expect(part.error).toMatchObject({ code: 'CONTENT' });
  });

  it('fails when the blob ends early', async () => {
    const { error } = await read(content.subarray(0, 400_000));
    expect(error).toMatchObject({
      code: 'BUNDLE',
      message: 'invalid or incomplete bundle: a blob ends early',
    });
  });
});
