import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as property } from '@fast-check/vitest';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader } from './header.ts';
import { planTar } from './plan.ts';

const GIB = 1024 ** 3;
const names = fc.stringMatching(/^[a-z0-9][a-z0-9/._-]{0,98}[a-z0-9]$/);
const sizes = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 8 * GIB - 1, 8 * GIB, 8 * GIB + 1, 2 ** 40),
  fc.integer({ min: 0, max: 20 * GIB }),
);

/** A header with a changed field, and the checksum of that. */
function withField(at: number, field: string, header = encodeHeader('a', 1, 0)): Buffer {
  if (field.length > 1) header.fill(0, at, at + (at < 124 || at > 256 ? 8 : 12));
  header.write(field, at, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

describe('a tar header', () => {
  property.prop([names, sizes, fc.integer({ min: 0, max: 2 ** 33 - 1 })])(
    'decodes to what was encoded',
    (name, size, mtime) => {
      expect(decodeHeader(encodeHeader(name, size, mtime))).toEqual({ name, size, mtime, type: '0' });
    },
  );

  property.prop([names, sizes])('is read the same by tar-stream', async (name, size) => {
    const reader = extract();
    const header = new Promise<{ name: string; size: number | undefined; mode: number | undefined }>(
      (resolve, reject) => {
        reader.on('entry', ({ name, size, mode }) => resolve({ name, size, mode }));
        reader.on('error', reject);
      },
    );
    reader.write(encodeHeader(name, size, 0));
    expect(await header).toEqual({ name, size, mode: 0o644 });
    reader.destroy();
  });

  property.prop([names, sizes, fc.nat(499), fc.integer({ min: 1, max: 255 })])(
    'with a changed byte is rejected',
    (name, size, at, by) => {
      const header = encodeHeader(name, size, 0);
      header[at] = ((header[at] ?? 0) + by) % 256;
      // The checksum field ends at its NUL: bytes after it do not change its value.
      if (at >= 154 && at < 156) return;
      expect(() => decodeHeader(header)).toThrow(/invalid tar header/);
    },
  );

  it.each<[string, string]>([
    ['', '00000001000'],
    ['blanks before the digits', '    1000 \0\0'],
    ['no end', '000000001000'],
  ])('has a size with %s', (_title, field) => expect(decodeHeader(withField(124, field))?.size).toBe(512));

  it.each<[string, number, string]>([
    ['a NUL before the digits of the size', 124, '\x001000'],
    ['digits after a NUL in the size', 124, '1000\x0001'],
    ['another digit in the size', 124, '00000001008'],
    ['a sign in the size', 124, '-0000001000'],
    ['a NUL before the digits of the time', 136, '\x001000'],
    ['an invalid mode', 100, 'zzzzzzz'],
    ['an invalid owner', 108, '-1'],
    ['an invalid group', 116, '88'],
    ['an invalid device', 337, '1 1'],
  ])('with %s is rejected', (_title, at, field) =>
    expect(() => decodeHeader(withField(at, field))).toThrow('invalid octal number'),
  );

  it.each(['1', '2', '3', '4', '5', '6'])('of type %s with content is rejected', type => {
    expect(() => decodeHeader(withField(156, type))).toThrow(`(type ${type}) with 1 bytes of content`);
    expect(decodeHeader(withField(156, type, encodeHeader('a', 0, 0)))).toMatchObject({ type, size: 0 });
  });

  it('of zeros ends the tar', () => {
    expect(decodeHeader(Buffer.alloc(512))).toBeUndefined();
  });
});

describe('a tar plan', () => {
  const inputs = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z0-9]{1,64}$/), sizes), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 8,
  });

  property.prop([inputs], { numRuns: 25 })('has its entries where GNU tar finds them', entries => {
    const plan = planTar(
      entries.map(([name, size]) => ({ name, size, content: { bytes: new Uint8Array() } })),
    );
    const folder = mkdtempSync(join(tmpdir(), 'airgap-plan-'));
    try {
      const path = join(folder, 'sparse.tar');
      const file = openSync(path, 'w');
      ftruncateSync(file, plan.size);
      for (const { header, headerOffset } of plan.entries)
        writeSync(file, header, 0, header.length, headerOffset);
      closeSync(file);
      const listing = execFileSync('tar', ['--list', '--verbose', '--block-number', '--file', path], {
        encoding: 'utf8',
      });
      const line = /^block (?<block>\d+): \S+ \S+ +(?<size>\d+) \S+ \S+ (?<name>.*)$/gm;
      const found = [...listing.matchAll(line)].flatMap(({ groups }) =>
        groups ? [{ block: Number(groups.block), size: Number(groups.size), name: groups.name }] : [],
      );
      expect(found).toEqual(
        plan.entries.map(({ name, size, headerOffset }) => ({ block: headerOffset / 512, size, name })),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it.each([
  [8 * GIB - 1, Buffer.from('77777777777\0')],
  [8 * GIB, Buffer.from('800000000000000200000000', 'hex')],
  [2 ** 40, Buffer.from('800000000000010000000000', 'hex')],
])('a size of %i bytes is written as other programs write it', (size, field) =>
  expect(encodeHeader('a', size, 0).subarray(124, 136)).toEqual(field),
);
