import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf, sha256 } from '../support/images/image.ts';

const FIXTURES = fileURLToPath(new URL('../vectors/signing/', import.meta.url));
const KEY = `${FIXTURES}cosign.key`;
const SIGNED = ['--public-key', `${FIXTURES}cosign.pub`];
const OTHER = ['--public-key', `${FIXTURES}ed25519.pub`];
const PARTS = ['001', '002', '003', '004', '005'].map(number => `app.tar.${number}`);

const work = new TempDir({ 'list.txt': 'registry.test/team/app:1\n' });
let registry: TestRegistry;

async function run(...args: string[]) {
  const env = { COSIGN_PASSWORD: 'secret' };
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path, env });
  return { status, text: stdout.toString() + stderr };
}

async function built(changed: number, output: string, ...flags: string[]): Promise<void> {
  const layers = [noiseOf(1, 3_000_000), noiseOf(changed, 1_500_000)];
  registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
  const mirror = ['--mirror', `registry.test=http://${registry.host}`];
  const { status, text } = await run('build', 'list.txt', '-o', output, ...mirror, ...flags);
  expect(text).toContain(`${output}.sha256`);
  expect(status).toBe(0);
}

/** Runs a check with one byte of a file changed, and restores the file. */
async function whileChanged<T>(name: string, check: () => Promise<T>): Promise<T> {
  const path = work.file(name);
  const content = readFileSync(path);
  const changed = Buffer.from(content);
  const at = content.length - 100_000;
  changed[at] = (changed[at] ?? 0) ^ 1;
  writeFileSync(path, changed);
  return check().finally(() => writeFileSync(path, content));
}

beforeAll(async () => {
  registry = await TestRegistry.start();
  await built(2, 'old.tar', '--checksums');
  await built(3, 'app.tar', '--split', '1MiB', '--sign', KEY);
  await built(3, 'app.delta.tar', '--delta-from', 'old.tar', '--sign', KEY);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

describe('signed parts', () => {
  it('have the sum of the file that they make, and one line for each part', () => {
    expect(readdirSync(work.path).filter(name => /^app\.tar\.\d+$/.test(name))).toEqual(PARTS);
    const parts = PARTS.map(name => readFileSync(work.file(name)));
    const sums = readFileSync(work.file('app.tar.sha256'), 'utf8');
    expect(sums).toContain(`${sha256(Buffer.concat(parts)).slice('sha256:'.length)}  app.tar\n`);
    const lines = PARTS.map(
      (name, at) => `${sha256(parts[at] as Buffer).slice('sha256:'.length)}  ${name}\n`,
    );
    expect(readFileSync(work.file('app.tar.parts.sha256'), 'utf8')).toBe(lines.join(''));
  });

  it('verify with the key, together and one at a time', async () => {
    expect(await run('verify', 'app.tar.001', ...SIGNED)).toMatchObject({ status: 0 });
    const { status, text } = await run('verify', 'app.tar.003', ...SIGNED);
    expect(text).toMatch(/app\.tar\.003: OK: one part.*\nlisted in .*app\.tar\.parts\.sha256, signed by/);
    expect(status).toBe(0);
  });

  it('are refused with another key', async () => {
    for (const part of ['app.tar.001', 'app.tar.003'])
      expect(await run('verify', part, ...OTHER)).toMatchObject({ status: 4 });
    for (const command of [
      ['load', 'app.tar.001', 'localhost:1'],
      ['serve', 'app.tar.001'],
    ])
      expect(await run(...command, ...OTHER)).toMatchObject({ status: 4 });
  });

  it('are refused with a changed byte', async () => {
    for (const part of ['app.tar.001', 'app.tar.003']) {
      const { status } = await whileChanged('app.tar.003', () => run('verify', part, ...SIGNED));
      expect(status).toBe(4);
    }
  });

  it('need their signed checksums', async () => {
    const path = work.file('app.tar.parts.sha256');
    const content = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      content.replace(/^./, digit => (digit === '0' ? '1' : '0')),
    );
    const { status, text } = await run('verify', 'app.tar.002', ...SIGNED);
    writeFileSync(path, content);
    expect(text).toContain('app.tar.parts.sha256 was changed after it was signed');
    expect(status).toBe(4);
  });

  it('are not compared one at a time with what is about all of them', async () => {
    const { status, text } = await run('verify', 'app.tar.002', '--digest', sha256(Buffer.from('x')));
    expect(text).toContain('digest cannot be used with one part');
    expect(status).toBe(2);
  });

  it('load with the key', async () => {
    await using target = await TestRegistry.start();
    expect(await run('load', 'app.tar.001', target.host, ...SIGNED)).toMatchObject({ status: 0 });
  });

  it('make a file that the same signature covers', async () => {
    using folder = new TempDir();
    expect(await run('join', 'app.tar.001', '-o', folder.file('app.tar'))).toMatchObject({ status: 0 });
    for (const suffix of ['sha256', 'sha256.sigstore.json'])
      copyFileSync(work.file(`app.tar.${suffix}`), folder.file(`app.tar.${suffix}`));
    expect(await run('verify', folder.file('app.tar'), ...SIGNED)).toMatchObject({ status: 0 });
  });
});

describe('a signed delta', () => {
  it('has the sum of its file', () => {
    const hex = sha256(readFileSync(work.file('app.delta.tar'))).slice('sha256:'.length);
    expect(readFileSync(work.file('app.delta.tar.sha256'), 'utf8')).toContain(`${hex}  app.delta.tar\n`);
  });

  it('verifies with the key, and is incomplete without its base', async () => {
    const base = ['--base', 'old.tar'];
    expect(await run('verify', 'app.delta.tar', ...base, ...SIGNED)).toMatchObject({ status: 0 });
    const { status, text } = await run('verify', 'app.delta.tar', ...SIGNED);
    expect(text).toContain('incomplete: 1 layer (3.0 MB) expected from the base');
    expect(status).toBe(1);
  });

  it('is refused with another key, or a changed byte', async () => {
    const args = ['verify', 'app.delta.tar', '--base', 'old.tar'];
    expect(await run(...args, ...OTHER)).toMatchObject({ status: 4 });
    const { status } = await whileChanged('app.delta.tar', () => run(...args, ...SIGNED));
    expect(status).toBe(4);
  });

  it('does not verify with a damaged base', async () => {
    using folder = new TempDir();
    const base = readFileSync(work.file('old.tar'));
    const at = base.indexOf(noiseOf(1, 3_000_000).bytes.subarray(0, 1024));
    const damaged = Buffer.from(base);
    damaged[at + 2000] = (damaged[at + 2000] ?? 0) ^ 1;
    writeFileSync(folder.file('old.tar'), damaged);
    const args = ['--base', folder.file('old.tar'), ...SIGNED];
    expect(await run('verify', 'app.delta.tar', ...args)).toMatchObject({ status: 1 });
  });

  it('loads with the key and its base', async () => {
    await using target = await TestRegistry.start();
    const args = ['load', 'app.delta.tar', target.host, '--base', 'old.tar'];
    expect(await run(...args, ...OTHER)).toMatchObject({ status: 4 });
    expect(target.seen).toEqual([]);
    expect(await run(...args, ...SIGNED)).toMatchObject({ status: 0 });
  });
});
