import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSources } from './source.ts';

describe('readSources', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-source-'));
    const files = [
      'b.yaml',
      'a.yml',
      'sub/c.YAML',
      'notes.txt',
      '.git/x.yaml',
      'node_modules/x.yaml',
      'empty/readme',
    ];
    for (const file of files) {
      await mkdir(join(folder, file, '..'), { recursive: true });
      await writeFile(join(folder, file), `# ${file}`);
    }
    await writeFile(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0x80]));
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('reads the YAML of a directory at any depth, in the order of names', async () => {
    const sources = await readSources([folder]);
    expect(sources.map(({ file }) => relative(folder, file))).toEqual([
      'a.yml',
      'b.yaml',
      join('sub', 'c.YAML'),
    ]);
  });

  it('reads a file whatever it is called, and passes texts through', async () => {
    const stdin = { file: '<stdin>', text: 'redis' };
    const notes = join(folder, 'notes.txt');
    expect(await readSources([stdin, notes])).toEqual([stdin, { file: notes, text: '# notes.txt' }]);
  });

  it.each([
    ['a file that is not there', 'none.yaml', 'there is no such file'],
    ['a directory without YAML', 'empty', 'the directory holds no YAML'],
    ['what is no text', 'binary', 'not UTF-8'],
  ])('refuses %s, by its path', async (_name, file, message) => {
    const path = join(folder, file);
    await expect(readSources([path])).rejects.toMatchObject({
      code: 'INPUT',
      message: expect.stringContaining(message),
      hint: expect.any(String),
      where: { path },
    });
  });
});
