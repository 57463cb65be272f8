import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../oci/digest.ts';
import { HashPool } from '../../store/hash-pool.ts';
import { type Range, Ranges } from '../../store/ranges.ts';
import { FileSink } from './file-sink.ts';

const OFFSET = 512;

let folder: string;
let fd: number;
let hashPool: HashPool;
let noted: Range[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-sink-'));
  fd = openSync(join(folder, 'to'), 'w+');
  hashPool = new HashPool();
  noted = [];
});
afterEach(async () => {
  await hashPool[Symbol.asyncDispose]();
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

function open(): FileSink {
  return new FileSink({
    pieces: ({ start, end }) => [{ fd, offset: OFFSET + start, size: end - start }],
    hashPool,
    existing: new Ranges(),
    onWritten: range => noted.push(range),
    onRestart: () => {},
  });
}

function bytesOf(size: number): Buffer {
  return Buffer.alloc(size, 'abcdefghijk');
}

function written(): Buffer {
  return readFileSync(join(folder, 'to')).subarray(OFFSET);
}

function notedBytes(): number {
  return noted.reduce((all, { start, end }) => all + end - start, 0);
}

describe('a blob written to a sink', () => {
  it.each([0, 1, 262_143, 262_144, 262_145, 9_000_001])('has its digest: %i bytes', async size => {
    const bytes = bytesOf(size);
    const sink = open();
    const middle = Math.floor(size / 2);
    sink.write(bytes.subarray(middle), middle);
    sink.write(bytes.subarray(0, middle), 0);
    expect(await sink.digest()).toBe(digestOf(bytes));
    expect(written().equals(bytes)).toBe(true);
    expect(notedBytes()).toBe(size);
  });
});

describe('a blob that a sink copies from a file', () => {
  const source = bytesOf(5_000_000);
  let from: number;

  beforeEach(() => {
    writeFileSync(join(folder, 'from'), source);
    from = openSync(join(folder, 'from'), 'r');
  });
  afterEach(() => closeSync(from));

  it.each([
    ['a part of the file', { offset: 1000, size: 3_000_000 }],
    ['no bytes', { offset: 1000, size: 0 }],
    ['up to the end of the file', { offset: 4_000_000, size: 3_000_000 }],
  ])('has its digest: %s', async (_name, { offset, size }) => {
    const bytes = source.subarray(offset, offset + size);
    const sink = open();
    let copied = 0;
    await sink.copyFrom({ fd: from, offset, size }, more => {
      copied += more;
    });
    expect(await sink.digest()).toBe(digestOf(bytes));
    expect(written().equals(bytes)).toBe(true);
    expect([copied, notedBytes()]).toEqual([bytes.length, bytes.length]);
  });

  it.each([
    ['cannot be read', () => openSync(folder, 'r'), () => fd, 'EISDIR'],
    ['cannot be written', () => from, () => from, 'EBADF'],
  ])('rejects with the system error: %s', async (_name, openSource, openTarget, code) => {
    const sink = new FileSink({
      pieces: ({ start, end }) => [{ fd: openTarget(), offset: start, size: end - start }],
      hashPool,
      existing: new Ranges(),
      onWritten: () => {},
      onRestart: () => {},
    });
    await expect(sink.copyFrom({ fd: openSource(), offset: 0, size: 10 })).rejects.toMatchObject({ code });
  });

  it('rejects when the signal aborts', async () => {
    const stopper = new AbortController();
    hashPool = new HashPool(stopper.signal);
    const copying = open().copyFrom({ fd: from, offset: 0, size: source.length });
    stopper.abort(new Error('enough'));
    await expect(copying).rejects.toThrow('enough');
  });
});
