import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'acorn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AIRGAP } from '../support/airgap.ts';
import { dist, ROOT, run } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-old-node-'));
const SINGLE_FILE = join(folder, 'airgap.cjs');

beforeAll(() => dist(folder, '--single-file'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// With old versions themselves: old-node.nightly.ts.
describe.each([
  ['the package', AIRGAP],
  ['the single file', SINGLE_FILE],
])('%s on an old Node.js', (_name, path) => {
  it('can be parsed', () => {
    // import() is younger than ES2017, and Node 10 has it.
    const text = readFileSync(path, 'utf8').replace("import('../dist/main.js')", 'load()');
    expect(() => parse(text, { ecmaVersion: 2017, sourceType: 'script', allowHashBang: true })).not.toThrow();
  });

  it.each(['12.22.12', '18.20.8', '20.9.0', '20.18.3'])('names the versions: %s', async version => {
    const pretend = join(folder, `${version}.cjs`);
    writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);
    expect(await run([process.execPath, '--require', pretend, path, 'verify', 'bundle.tar'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: airgap needs Node 20.19 or later; this is ${version} (${process.execPath})
  next: Install a newer Node.js, or use the single executable of airgap, which needs none.\n`,
    });
  });

  it.each(['20.19.0', '22.0.0', '100.1.0'])('runs on %s', async version => {
    const pretend = join(folder, `${version}.cjs`);
    writeFileSync(pretend, `Object.defineProperty(process.versions, 'node', { value: '${version}' });`);
    expect(await run([process.execPath, '--require', pretend, path, '--version'])).toMatchObject({
      status: 0,
    });
  });
});

it('is the version that the packages ask for', () => {
  for (const name of ['package.json', 'packages/cli/package.json', 'packages/core/package.json']) {
    const { engines } = JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
    expect(engines).toEqual({ node: '>=20.19' });
  }
});
