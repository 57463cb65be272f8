import { describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { deployments, imagesList } from '../support/many-documents.ts';

/** Lints `count` documents with a heap of `heap` MB. @returns the duration in ms */
async function lint(count: number, heap: number): Promise<number> {
  using place = new TempDir({ 'app.yaml': imagesList(count), 'web.yaml': deployments(count) });
  const began = performance.now();
  const env = { NODE_OPTIONS: `--max-old-space-size=${heap}` };
  const { status, stdout } = await airgap(['lint', place.path], { env });
  const read = `${3 * count + 1} mentions of ${count + 1} images in 2 files`;
  expect(stdout.toString()).toBe(`0 errors, 0 warnings; ${read}\n`);
  expect(status).toBe(0);
  return performance.now() - began;
}

describe('many documents', () => {
  it('5,000 need little memory', () => lint(5000, 150));

  it('take linear time', async () => {
    const few = await lint(1000, 150);
    // Quadratic work would take sixteen times as long.
    expect(await lint(4000, 150)).toBeLessThan(8 * few);
  });
});

describe('a file of 50 MB', () => {
  it.each([
    ['an open bracket', '['],
    ['items', '- a\n'],
    ['blank lines', '\n'],
    ['one value', 'a'],
    ['an open quote', '"\\n'],
    ['NUL', '\0'],
  ])('of %s is read within 1 GB of memory', async (_name, piece) => {
    using place = new TempDir({ 'a.yaml': piece.repeat(50e6 / piece.length) });
    const env = { NODE_OPTIONS: '--max-old-space-size=1000' };
    const { status, stderr } = await airgap(['images', place.path], { env });
    expect([0, 1]).toContain(status);
    expect(stderr.length).toBeLessThan(2000);
  });
});
