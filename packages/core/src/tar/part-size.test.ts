import { describe, expect, it } from 'vitest';
import { parsePartSize } from './part-size.ts';

describe('the size of parts', () => {
  it.each<[string, number]>([
    ['fat32', 4_294_966_784],
    ['FAT32', 4_294_966_784],
    ['dvd', 4_294_966_784],
    ['cd', 734_003_200],
    ['bd', 25_025_314_816],
    ['4GiB', 4 * 1024 ** 3],
    ['4G', 4 * 1024 ** 3],
    ['700MB', 700_000_000 - (700_000_000 % 512)],
    ['700 mb', 700_000_000 - (700_000_000 % 512)],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['1MiB', 1_048_576],
    ['1048577', 1_048_576],
    ['5000000B', 4_999_680],
    ['2TB', 2_000_000_000_000],
  ])('%s is %d bytes, a multiple of a tar block', (text, bytes) => {
    expect(parsePartSize(text)).toBe(bytes);
    expect(bytes % 512).toBe(0);
  });

  it.each<[string, string]>([
    ['', 'invalid part size: ""'],
    ['usb', 'invalid part size: "usb"'],
    ['constructor', 'invalid part size: "constructor"'],
    ['toString', 'invalid part size: "toString"'],
    ['-4GiB', 'invalid part size: "-4GiB"'],
    ['4 Gib Gib', 'invalid part size: "4 Gib Gib"'],
    ['4PB', 'invalid part size: "4PB"'],
    ['1e9', 'invalid part size: "1e9"'],
    ['0x100000', 'invalid part size: "0x100000"'],
    ['0', 'part size out of range: "0"'],
    ['1MB', 'part size out of range: "1MB"'],
    ['999999999999999TB', 'part size out of range: "999999999999999TB"'],
  ])('rejects %j', (text, message) => {
    expect(() => parsePartSize(text)).toThrow(expect.objectContaining({ code: 'USAGE', message }));
  });
});
