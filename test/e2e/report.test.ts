import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

const work = new TempDir();
const base = noiseOf(1, 40_000);
const app = imageOf({ layers: [base, noiseOf(2, 9000)], compression: 'none' });
const other = imageOf({ layers: [base, noiseOf(3, 5000)], compression: 'none' });
const changed = imageOf({ layers: [base, noiseOf(4, 7000)], compression: 'none' });

const run = (...args: string[]) => airgap(args, { cwd: work.path });

beforeAll(async () => {
  await buildBundle({ 'team/app:1': app }, work.file('old.tar'));
  await buildBundle({ 'team/app:1': changed, 'team/other:1': other }, work.file('new.tar'));
  writeFileSync(work.file('list.txt'), 'registry.test/team/app:1\nregistry.test/team/other:latest\n');
  await buildBundle({ 'team/app:1': app, 'team/other:latest': other }, work.file('source.tar'));
});
afterAll(() => work[Symbol.dispose]());

describe('inspect', () => {
  it.each([
    ['cyclonedx', '"bomFormat": "CycloneDX"'],
    ['spdx', '"spdxVersion": "SPDX-2.3"'],
    ['html', '<!doctype html>'],
  ])('--format %s gives the same bytes each time, wherever the bundle is', async (format, content) => {
    mkdirSync(work.file(format));
    writeFileSync(work.file(`${format}/new.tar`), readFileSync(work.file('new.tar')));
    const first = await run('inspect', 'new.tar', '--format', format);
    const second = await airgap(['inspect', 'new.tar', '--format', format], { cwd: work.file(format) });
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(first.stdout.toString()).toContain(content);
    expect(second.stdout.equals(first.stdout)).toBe(true);
  });

  it.each([
    ['json', '"blobBytes"'],
    ['text', 'deduplication saves'],
  ])('--format %s lists the images', async (format, content) => {
    const { stdout } = await run('inspect', 'new.tar', '--format', format);
    expect(stdout.toString()).toContain(content);
    expect(stdout.toString()).toContain('registry.test/team/app:1');
  });

  it('--since shows what has changed', async () => {
    const { stdout, status } = await run('inspect', 'new.tar', '--format', 'html', '--since', 'old.tar');
    expect(status).toBe(0);
    const [, changes = ''] = stdout.toString().split('<h2 id="changes">');
    expect(changes).toMatch(/registry\.test\/team\/app:1.*>changed</);
    expect(changes).toMatch(/registry\.test\/team\/other:1.*>added</);
    expect(changes).toContain('Since <code>old.tar</code>');
  });

  it.each([
    [['--since', 'old.tar'], '--since requires --format html'],
    [['--since', 'old.tar', '--format', 'cyclonedx'], '--since requires --format html'],
    [['--format', 'xml'], "argument 'xml' is invalid"],
    [['--format', 'html', '--since', 'none.tar'], 'no such file or directory'],
  ])('%j is an error', async (flags, message) => {
    const { stderr, status } = await run('inspect', 'new.tar', ...flags);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});

describe('build --report', () => {
  const build = (...flags: string[]) =>
    run('build', 'list.txt', '--from', 'oci-archive:source.tar', ...flags);

  it('writes the findings and the changes', async () => {
    const flags = ['-o', 'built.tar', '--report', 'report.html', '--since', 'old.tar'];
    const { stderr, status } = await build(...flags);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    const page = readFileSync(work.file('report.html'), 'utf8');
    expect(page).toContain('<h1>built.tar</h1>');
    expect(page).toContain('latest-tag');
    expect(page).toMatch(/registry\.test\/team\/other:latest.*>added</);
  });

  it.each([
    [['-o', 'a.tar', '--since', 'old.tar'], 2, 'since has no effect without report'],
    [['-o', '-', '--report', 'a.html'], 2, 'cannot be written for a streamed bundle'],
    [['-o', 'a.tar', '--report', 'a.tar'], 2, 'use the same file'],
    [['-o', 'a.tar', '--report', '.'], 5, 'not a regular file'],
    [['-o', 'a.tar', '--report', 'a.html', '--since', 'none.tar'], 2, 'no such file or directory'],
  ])('%j is an error before anything is written', async (flags, expected, message) => {
    const { stderr, status } = await build(...flags);
    expect(stderr).toContain(message);
    expect(status).toBe(expected);
    expect(work.files().filter(name => name.startsWith('a.'))).toEqual([]);
  });
});
