import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planTar } from '../../tar/plan.ts';
import { Journal, planIdentity, readJournal } from './journal.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airgap-journal-'));
  path = join(folder, 'journal');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The journal as `index: start-end`. */
async function read(): Promise<Record<string, string> | undefined> {
  const journal = await readJournal(path);
  if (!journal) return undefined;
  const entries = [...journal.written].map(([index, ranges]) => [
    index,
    [...ranges].map(({ start, end }) => `${start}-${end}`).join(' '),
  ]);
  return Object.fromEntries(entries);
}

describe('a journal', () => {
  it('has the plan and the ranges that were written, also after it was opened again', async () => {
    const journal = Journal.create(path, 'sha256:plan');
    journal.note(4, { start: 10, end: 20 });
    journal.note(4, { start: 0, end: 10 });
    journal.close();
    const resumed = Journal.resume(path);
    resumed.note(4, { start: 30, end: 40 });
    resumed.note(7, { start: 0, end: 1 });
    resumed.close();
    expect(await read()).toEqual({ 4: '0-20 30-40', 7: '0-1' });
    expect((await readJournal(path))?.plan).toBe('sha256:plan');
  });

  it('does not have the ranges of a blob that proved wrong, only those after it', async () => {
    const journal = Journal.create(path, 'plan');
    journal.note(4, { start: 0, end: 100 });
    journal.note(5, { start: 0, end: 100 });
    journal.forget(4);
    journal.forget(5);
    journal.note(5, { start: 0, end: 7 });
    journal.close();
    expect(await read()).toEqual({ 5: '0-7' });
  });

  it('replaces an existing one', async () => {
    writeFileSync(path, 'airgap journal 1 other\n1 0 5\n');
    Journal.create(path, 'plan').close();
    expect([await read(), readFileSync(path, 'utf8')]).toEqual([{}, 'airgap journal 1 plan\n']);
  });

  it('is not written through a symbolic link', () => {
    writeFileSync(join(folder, 'victim'), 'x');
    symlinkSync(join(folder, 'victim'), path);
    expect(() => Journal.resume(path)).toThrow('ELOOP');
    Journal.create(path, 'plan').close();
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('x');
  });

  it.each([
    ['a line that was cut off', '1 0 5\n2 0 9', { 1: '0-5' }],
    ['an empty line', '\n1 0 5\n', { 1: '0-5' }],
    ['text', 'hello\n1 0 5\n', { 1: '0-5' }],
    ['a negative number', '-1 0 5\n1 -1 5\n', {}],
    ['a number that is too large', '1 0 99999999999999999\n', {}],
    ['a range that ends before it starts', '1 5 3\n', { 1: '' }],
    ['zeros', '\0\0\0\n1 0 5\n', { 1: '0-5' }],
  ])('with %s has the other lines', async (_name, lines, expected) => {
    Journal.create(path, 'plan').close();
    appendFileSync(path, lines);
    expect(await read()).toEqual(expected);
  });

  it.each([
    ['that does not exist', undefined],
    ['that is empty', ''],
    ['whose first line was cut off', 'airgap journal 1 pl'],
    ['of another version', 'airgap journal 2 plan\n1 0 5\n'],
    ['that is something else', 'hello\n1 0 5\n'],
  ])('%s does not count', async (_name, text) => {
    if (text !== undefined) writeFileSync(path, text);
    expect(await read()).toBeUndefined();
  });
});

describe('the identity of a plan', () => {
  const plan = (names: readonly string[], size = 5, mtime = 0) =>
    planIdentity(
      planTar(
        names.map(name => ({ name, size, content: undefined })),
        mtime,
      ),
    );
  it('is the same for the same entries', () => expect(plan(['a', 'b'])).toBe(plan(['a', 'b'])));
  it.each([
    ['other names', plan(['a', 'c'])],
    ['another order', plan(['b', 'a'])],
    ['fewer entries', plan(['a'])],
    ['other sizes', plan(['a', 'b'], 6)],
    ['another time', plan(['a', 'b'], 5, 1)],
  ])('differs for %s', (_name, other) => expect(other).not.toBe(plan(['a', 'b'])));
});
