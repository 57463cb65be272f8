import { createHash } from 'node:crypto';
import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { sha256Digest } from '../oci/digest.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { planTar } from '../tar/plan.ts';
import { type PlacedEntry, walkTar } from '../tar/walk.ts';
import { checkInOnePass } from './one-pass.ts';
import type { Problem } from './problem.ts';

const MIB = 1024 * 1024;

const digestOf = (bytes: Uint8Array) => sha256Digest(createHash('sha256').update(bytes).digest());

/** A tar of blobs, and how often each of its bytes is read. */
class CountedTar implements RandomAccess {
  readonly location = 'counted.tar';
  readonly bytes: Buffer;
  readonly reads: Uint8Array;

  constructor(blobs: readonly Buffer[]) {
    const inputs = blobs.map(blob => ({
      name: `blobs/sha256/${digestOf(blob).slice(7)}`,
      size: blob.length,
      content: { blob },
    }));
    const plan = planTar(inputs);
    this.bytes = Buffer.alloc(plan.size);
    for (const { header, headerOffset, offset, content } of plan.entries) {
      this.bytes.set(header, headerOffset);
      this.bytes.set(content.blob, offset);
    }
    this.reads = new Uint8Array(plan.size);
  }

  get size(): number {
    return this.bytes.length;
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    // Like a slow disk, it may return less than what was requested.
    const end = Math.min(at + Math.ceil(buffer.length / 2), this.size);
    buffer.set(this.bytes.subarray(at, end));
    for (let byte = at; byte < end; byte += 1) this.reads[byte] = (this.reads[byte] ?? 0) + 1;
    return end - at;
  }

  async isUnchanged(): Promise<boolean> {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function blobsOf(sizes: readonly number[]): Buffer[] {
  return sizes.map((size, at) => Buffer.alloc(size, at + 1));
}

async function check(tar: CountedTar, signal?: AbortSignal) {
  const entries: PlacedEntry[] = [];
  for await (const entry of walkTar(tar)) entries.push(entry);
  tar.reads.fill(0);
  const problems: Problem[] = [];
  const digest = await checkInOnePass(tar, entries, problems, () => {}, signal);
  return { digest, problems };
}

it('reads each byte once, and gives the sum of the file', async () => {
  const tar = new CountedTar(blobsOf([100, 3 * MIB + 17, 0, 70_000, 12 * MIB, 1]));
  const { digest, problems } = await check(tar);
  expect(digest).toBe(digestOf(tar.bytes));
  expect(problems).toEqual([]);
  expect(tar.reads.every(count => count === 1)).toBe(true);
});

it.each([512, 100_000, 3 * MIB, 9 * MIB])('finds the blob with a changed byte at %i', async at => {
  const tar = new CountedTar(blobsOf([1000, 200_000, 5 * MIB, 5 * MIB + 1]));
  tar.bytes[at] = (tar.bytes[at] ?? 0) ^ 1;
  const { digest, problems } = await check(tar);
  expect(digest).toBe(digestOf(tar.bytes));
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^digest mismatch: expected sha256:/),
  ]);
});

it('fails when the file becomes shorter', async () => {
  const tar = new CountedTar(blobsOf([5 * MIB]));
  const read = tar.read.bind(tar);
  tar.read = (buffer, at) => (at >= 3 * MIB ? Promise.resolve(0) : read(buffer, at));
  await expect(check(tar)).rejects.toMatchObject({ code: 'BUNDLE' });
});

it('ends when it is interrupted', async () => {
  const tar = new CountedTar(blobsOf([30 * MIB]));
  const stopper = new AbortController();
  const read = tar.read.bind(tar);
  tar.read = (buffer, at) => {
    if (at >= 10 * MIB) stopper.abort(new Error('stop'));
    return read(buffer, at);
  };
  await expect(check(tar, stopper.signal)).rejects.toThrow('stop');
});

const sizes = fc.array(fc.oneof(fc.nat(2000), fc.nat(3 * MIB)), { maxLength: 6 });

test.prop([sizes], { numRuns: 10 })('any blobs have their digests, and the file has its sum', async sizes => {
  const tar = new CountedTar(blobsOf(sizes));
  const { digest, problems } = await check(tar);
  expect(digest).toBe(digestOf(tar.bytes));
  expect(problems).toEqual([]);
});
