import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { layoutOf } from '../support/bundle.ts';
import { imageOf, noiseOf, tarOf } from '../support/images/image.ts';
import { lacks, output } from '../support/programs/program.ts';

const HOSTILE = `</td><script>document.title="broken"</script><img src=x onerror='document.title="broken"'>`;

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

/** Runs the browser on the page. @returns its output, with the messages of the console */
function chromium(...flags: string[]): Promise<string> {
  const common = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--enable-logging=stderr',
  ];
  const profile = `--user-data-dir=${work.file('profile')}`;
  return output('chromium', ...common, profile, ...flags, pathToFileURL(work.file('report.html')).href);
}

/** Width and height of a PNG file. */
function dimensions(file: string): [number, number] {
  const bytes = readFileSync(file);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe.skipIf(lacks('the report in a browser', 'chromium'))('the report in a browser', () => {
  beforeAll(async () => {
    const base = noiseOf(1, 300_000);
    const image = (seed: number) => imageOf({ layers: [base, noiseOf(seed, 100_000)], compression: 'none' });
    const images = { 'quay.io/team/app:1': image(2), 'quay.io/team/web:1': image(3), [HOSTILE]: image(4) };
    writeFileSync(work.file('archive.tar'), await tarOf(layoutOf(images)));
    const { stdout } = await airgap(['inspect', work.file('archive.tar'), '--format', 'html']);
    writeFileSync(work.file('report.html'), stdout);
  });

  it('has no console errors, and names stay text', async () => {
    const dump = await chromium('--dump-dom');
    expect(dump).not.toMatch(/CONSOLE/);
    expect(dump).toContain('<title>archive.tar: bundle report</title>');
    expect(dump).toContain('&lt;script&gt;document.title=');
    expect(dump).not.toContain('<img');
  });

  it.each([
    ['light', []],
    ['dark', ['--force-dark-mode', '--blink-settings=preferredColorScheme=0']],
  ])('is drawn in the %s theme', async (theme, flags) => {
    const file = work.file(`${theme}.png`);
    expect(await chromium(...flags, '--window-size=1280,1400', `--screenshot=${file}`)).not.toMatch(
      /CONSOLE/,
    );
    expect(dimensions(file)).toEqual([1280, 1400]);
    // An empty page compresses to a few kilobytes.
    expect(statSync(file).size).toBeGreaterThan(30_000);
  });

  it('looks different in both themes', () =>
    expect(readFileSync(work.file('light.png')).equals(readFileSync(work.file('dark.png')))).toBe(false));

  it('can be printed', async () => {
    await chromium(`--print-to-pdf=${work.file('report.pdf')}`);
    expect(readFileSync(work.file('report.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
  });
});
