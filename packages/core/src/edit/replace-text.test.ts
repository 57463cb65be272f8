import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { changedText, replaceText } from './replace-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-replace-'));
const file = join(folder, 'a.yaml');
beforeEach(() => writeFileSync(file, 'as read'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ['replaceText', replaceText],
  ['changedText', changedText],
])('%s', (_name, change) => {
  it('accepts a file that is as it was read', async () => {
    await change(file, 'as read', 'new');
    expect(['new', 'as read']).toContain(readFileSync(file, 'utf8'));
  });

  it('rejects a file that has changed since, and leaves it alone', async () => {
    writeFileSync(file, 'edited meanwhile');
    await expect(change(file, 'as read', 'new')).rejects.toMatchObject({
      code: 'INPUT',
      where: { path: file },
    });
    expect(readFileSync(file, 'utf8')).toBe('edited meanwhile');
  });
});
