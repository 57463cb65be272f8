import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { fileReadError } from './file-read-error.ts';
import { replaceFile } from './replace-file.ts';
import { resolveExistingPath } from './resolve-existing-path.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-fs-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));
const mode = () => statSync(path).mode & 0o777;

it('creates a file, with a mode if one is given', async () => {
  await replaceFile(path, 'new', 0o600);
  expect([readFileSync(path, 'utf8'), mode(), readdirSync(folder)]).toEqual(['new', 0o600, ['file']]);
});

it.each([0o600, 0o644, 0o755])('keeps the mode %o of a file that it replaces', async before => {
  writeFileSync(path, 'old');
  chmodSync(path, before);
  await replaceFile(path, Buffer.from('new'));
  expect([readFileSync(path, 'utf8'), mode(), readdirSync(folder)]).toEqual(['new', before, ['file']]);
});

it('replaces the file that a link points to', async () => {
  writeFileSync(path, 'old');
  symlinkSync('file', join(folder, 'link'));
  await replaceFile(join(folder, 'link'), 'new');
  expect([readFileSync(path, 'utf8'), lstatSync(join(folder, 'link')).isSymbolicLink()]).toEqual([
    'new',
    true,
  ]);
});

it('leaves nothing when it fails', async () => {
  mkdirSync(path);
  await expect(replaceFile(path, 'new')).rejects.toThrow('not a regular file');
  await expect(replaceFile(join(folder, 'none', 'file'), 'new')).rejects.toThrow('ENOENT');
  expect(readdirSync(folder)).toEqual(['file']);
});

it('resolves the part of a path that exists', async () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  expect(await resolveExistingPath(join(folder, 'link', 'a', 'b'))).toBe(join(folder, 'real', 'a', 'b'));
});

it.each([
  ['ENOENT', 'no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'is a directory'],
])('says why a file cannot be read: %s', (code, reason) => {
  const error = fileReadError(
    'the bundle',
    '/x/b.tar',
    Object.assign(new Error('raw'), { code, syscall: 'open' }),
  );
  expect(error).toBeInstanceOf(AirgapError);
  expect(error).toMatchObject({
    code: 'INPUT',
    message: expect.stringContaining(reason),
    where: { path: '/x/b.tar' },
  });
});
