import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSource } from './source-text.ts';

describe('readSource', () => {
  let folder: string;
  const path = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-source-'));
    await writeFile(path('notes.txt'), '\uFEFF# notes');
    await writeFile(path('binary'), Buffer.from([0xff, 0xfe, 0x80]));
    await writeFile(path('large'), '');
    await truncate(path('large'), 100_000_001);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('reads a file of any name, without its byte order mark', async () =>
    expect(await readSource(path('notes.txt'))).toEqual({
      hasMark: true,
      file: path('notes.txt'),
      text: '# notes',
    }));

  it.each([
    ['a missing file', 'none.yaml', 'no such file or directory'],
    ['a directory', '.', 'is a directory'],
    ['a binary file', 'binary', 'not UTF-8'],
    ['a file over the limit', 'large', 'too large: 100000001 bytes (limit 100000000)'],
  ])('rejects %s with its path', async (_name, file, message) => {
    await expect(readSource(path(file))).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining(message),
      hint: expect.any(String),
      where: { path: path(file) },
    });
  });
});
