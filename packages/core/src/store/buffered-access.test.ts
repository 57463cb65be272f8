import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { BufferedAccess } from './buffered-access.ts';
import { MemoryBytes } from './memory-bytes.ts';
import type { RandomAccess } from './random-access.ts';

const SIZE = 300_000;
const bytes = Buffer.from(Uint32Array.from({ length: SIZE / 4 }, (_, at) => at).buffer);
const memory = new MemoryBytes(bytes, 'x.tar');

/** The same bytes, with a count of the reads. */
function counted() {
  let reads = 0;
  const access: RandomAccess = {
    location: memory.location,
    size: memory.size,
    read: (buffer, at) => {
      reads += 1;
      return memory.read(buffer, at);
    },
    isUnchanged: async () => true,
    [Symbol.asyncDispose]: async () => {},
  };
  return { access, reads: () => reads };
}

describe('buffered bytes', () => {
  const read = fc.record({ at: fc.nat(SIZE + 1000), size: fc.oneof(fc.nat(2000), fc.nat(150_000)) });
  property.prop([fc.array(read, { maxLength: 20 })])('are those of the source, in any order', async reads => {
    const buffered = new BufferedAccess(memory);
    for (const { at, size } of reads) {
      const buffer = Buffer.alloc(size);
      const count = await buffered.read(buffer, at);
      expect(buffer.subarray(0, count).equals(bytes.subarray(at, at + size))).toBe(true);
    }
  });

  it('are read once for many small reads', async () => {
    const { access, reads } = counted();
    const buffered = new BufferedAccess(access);
    for (let at = 0; at + 512 <= SIZE; at += 1024) await buffered.read(Buffer.alloc(512), at);
    expect(reads()).toBe(Math.ceil(SIZE / (64 * 1024)));
  });
});
