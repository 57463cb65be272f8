import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir, WITHOUT_SETTINGS } from '../support/airgap.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';

const FILE = fileURLToPath(new URL('../../packages/cli/dist/airgap.cjs', import.meta.url));

let registry: TestRegistry;
const work = new TempDir();
beforeAll(async () => {
  registry = await TestRegistry.start();
  registry.push('team/app:1', imageOf({ layers: [await noiseLayer('with airgap', 1000)] }));
  writeFileSync(work.file('list.txt'), `${registry.host}/team/app:1\n`);
  mkdirSync(work.file('out'));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

it('build --with-airgap of the package copies a program that verifies the bundle without the package', async () => {
  const args = ['build', 'list.txt', '-o', 'out/bundle.tar', '--with-airgap', '--json'];
  const { status, stdout } = await airgap(args, { cwd: work.path });
  expect(status).toBe(0);
  const { program } = JSON.parse(stdout.toString());
  expect(program).toBe(work.file('out/airgap.cjs'));
  expect(statSync(program).mode & 0o777).toBe(0o755);
  const output = execFileSync(process.execPath, [program, 'verify', 'bundle.tar'], { cwd: work.file('out') });
  expect(output.toString()).toContain('bundle.tar: OK');
});

it('build --with-airgap --checksums lists the program in the checksums', async () => {
  mkdirSync(work.file('listed'));
  const args = ['build', 'list.txt', '-o', 'listed/bundle.tar', '--with-airgap', '--checksums'];
  expect(await airgap(args, { cwd: work.path })).toMatchObject({ status: 0 });
  const check = execFileSync('sha256sum', ['--check', 'bundle.tar.sha256'], { cwd: work.file('listed') });
  expect(check.toString()).toMatch(/^airgap\.cjs: OK$/m);
});

it('build --with-airgap of the single file copies itself', async () => {
  copyFileSync(FILE, work.file('mine.cjs'));
  mkdirSync(work.file('again'));
  const args = ['mine.cjs', 'build', 'list.txt', '-o', 'again/bundle.tar', '--with-airgap'];
  const env = { ...process.env, ...WITHOUT_SETTINGS };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: work.path, env });
  expect(stdout).toContain(`on the other side, ${work.file('again/airgap.cjs')}, docker`);
  expect(statSync(work.file('again/airgap.cjs')).size).toBe(statSync(FILE).size);
});

it.each([
  ['a stream', ['-o', '-'], 2, '--with-airgap needs a bundle in a file'],
  ['a folder that is in the way', ['-o', 'blocked/bundle.tar'], 5, 'cannot copy the program'],
])('build --with-airgap refuses %s', async (_name, output, expected, words) => {
  mkdirSync(work.file('blocked/airgap.cjs/full'), { recursive: true });
  const { status, stderr } = await airgap(['build', 'list.txt', '--with-airgap', ...output], {
    cwd: work.path,
  });
  expect(stderr).toContain(words);
  expect(status).toBe(expected);
});
