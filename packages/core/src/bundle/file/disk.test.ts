import { describe, expect, it } from 'vitest';
import { checkFileSize, maxFileSize } from './disk.ts';

describe('the largest file', () => {
  it.each<[string, number, number]>([
    ['FAT', 0x4d44, 4_294_967_295],
    ['exFAT', 0x2011bab0, Number.POSITIVE_INFINITY],
    ['ext4', 0xef53, Number.POSITIVE_INFINITY],
    ['tmpfs', 0x01021994, Number.POSITIVE_INFINITY],
  ])('of %s (type 0x%x)', (_name, type, limit) => expect(maxFileSize(type)).toBe(limit));

  it('is not reached on the disk of this test', async () => {
    await expect(checkFileSize('/tmp/bundle.tar', 2 ** 40)).resolves.toBeUndefined();
  });
});
