import { describe, expect, it } from 'vitest';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { framingProblem } from './framing.ts';
import { encodeHeader, TRAILER_SIZE } from './header.ts';
import { planTar } from './plan.ts';
import { walkTar } from './walk.ts';

const sizes = [0, 1, 511, 512, 513];
const plan = planTar(sizes.map(size => ({ name: `f${size}`, size, content: undefined })));

/** The tar of the plan, with content of ones. */
function tar(): Buffer {
  const bytes = Buffer.alloc(plan.size);
  for (const { header, headerOffset, offset, size } of plan.entries) {
    header.copy(bytes, headerOffset);
    bytes.fill(1, offset, offset + size);
  }
  return bytes;
}

async function walk(bytes: Buffer) {
  const entries = [];
  const walking = walkTar(new MemoryBytes(bytes, 'x.tar'));
  for (;;) {
    const { done, value } = await walking.next();
    if (done) return { entries, end: value };
    entries.push(value);
  }
}

it('finds every entry of a tar, and its end', async () => {
  const { entries, end } = await walk(tar());
  const places = ({ name, size, offset, headerOffset }: (typeof entries)[number]) => [
    name,
    size,
    offset,
    headerOffset,
  ];
  expect(entries.map(places)).toEqual(
    plan.entries.map(({ name, size, offset, headerOffset }) => [name, size, offset, headerOffset]),
  );
  expect(end).toBe(plan.size - TRAILER_SIZE);
});

it('finds no problem of headers and padding in a planned tar', async () => {
  const file = new MemoryBytes(tar(), 'x.tar');
  for (const entry of (await walk(tar())).entries) expect(await framingProblem(file, entry)).toBeUndefined();
});

describe('a tar is not read', () => {
  const long = encodeHeader('big', 5000, 0);
  it.each<[string, Buffer, string]>([
    ['that is empty', Buffer.alloc(0), 'not a tar file: too short'],
    ['that is text', Buffer.from('apiVersion: v1\n'.repeat(100)), 'not a tar file: a YAML file'],
    [
      'that is compressed',
      Buffer.concat([Buffer.from('1f8b', 'hex'), Buffer.alloc(600)]),
      'not a tar file: compressed with gzip',
    ],
    [
      'whose header is damaged',
      Buffer.from(tar()).fill('x', 1540, 1541),
      'invalid tar header: checksum mismatch (at byte 1536)',
    ],
    [
      'that ends in an entry',
      Buffer.concat([long, Buffer.alloc(600)]),
      'truncated tar: entry big ends at byte 5632, the file has 1112 bytes (at byte 0)',
    ],
    [
      'without an end',
      tar().subarray(0, 512),
      'truncated tar: the file ends at byte 512 without an end-of-archive marker (at byte 512)',
    ],
  ])('%s', async (_name, bytes, message) => {
    await expect(walk(bytes)).rejects.toMatchObject({ code: 'BUNDLE', message, where: { path: 'x.tar' } });
  });
});
