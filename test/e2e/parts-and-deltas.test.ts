import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { build, load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf, sha256 } from '../support/images/image.ts';

const MB = 1_000_000;
const work = new TempDir({ 'list.txt': 'registry.test/team/app:1\nregistry.test/team/other:1\n' });
let registry: TestRegistry;

function push(changed: number): void {
  const layers = [noiseOf(1, 1.5 * MB), noiseOf(changed, MB)];
  registry.push('team/app:1', imageOf({ layers, compression: 'none' }));
  registry.push('team/other:1', imageOf({ layers: [noiseOf(2, 2 * MB)], compression: 'none' }));
}

/** Runs airgap in the folder. @returns its status and its output as text */
async function run(...args: string[]) {
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path });
  return { status, stdout: stdout.toString(), stderr };
}

function built(output: string, ...flags: string[]) {
  return run(
    'build',
    'list.txt',
    '-o',
    output,
    '--mirror',
    `registry.test=http://${registry.host}`,
    ...flags,
  );
}

/** The bytes that the registry sent, as airgap counts them. */
function downloaded(json: string): number {
  return JSON.parse(json).transferred.downloaded;
}

beforeAll(async () => {
  registry = await TestRegistry.start();
  push(3);
  expect((await built('app-1.0.tar')).status).toBe(0);
  push(4);
  expect((await built('app-1.1.tar')).status).toBe(0);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function contentOf(...names: string[]): Buffer {
  return Buffer.concat(names.map(name => readFileSync(work.file(name))));
}

describe('build --split', () => {
  const PARTS = ['001', '002', '003', '004', '005'].map(number => `split.tar.${number}`);

  it('writes the parts of the same bundle', async () => {
    const { status, stdout } = await built('split.tar', '--split', '1MiB', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.parts).toEqual(PARTS.map(name => work.file(name)));
    expect(result.path).toBe(work.file('split.tar.001'));
    expect(work.files().filter(name => name.startsWith('split'))).toEqual(PARTS);
    expect(contentOf(...PARTS).equals(contentOf('app-1.1.tar'))).toBe(true);
  });

  it('is read by the name of the bundle and of its first part', async () => {
    for (const name of ['split.tar', 'split.tar.001', './split.tar.001', work.file('split.tar')]) {
      const { status, stdout } = await run('verify', name);
      expect(stdout).toContain(`${name}: OK: 2 names`);
      expect(status).toBe(0);
    }
  });

  it('is a source of blobs', async () => {
    const { status, stdout } = await built('reused.tar', '--reuse', 'split.tar', '--json');
    expect(status).toBe(0);
    expect(downloaded(stdout)).toBe(0);
  });

  it.each([
    [['verify', 'split.tar.003'], 'not the first part of a bundle', 'Pass split.tar.001.'],
    [['join', 'app-1.1.tar'], 'not a part of a bundle', 'Pass the first part'],
    [['split', 'app-1.1.tar', '--split', '1kB'], 'part size out of range', 'at least 1.0 MB'],
    [['split', 'app-1.1.tar', '--split', 'usb'], 'invalid part size', 'fat32, dvd, bd, cd'],
    [['split', 'app-1.1.tar'], "required option '--split", ''],
    [['split', 'nothing.tar', '--split', 'cd'], 'no such file', ''],
    [['split', 'list.txt', '--split', 'cd'], 'not a tar file', ''],
    [['join', 'nothing.tar.001'], 'not a part of a bundle', ''],
    [['delta', 'app-1.1.tar'], 'an older and a newer bundle', ''],
    [['merge', 'app-1.1.tar', '-o', 'x.tar'], 'a base and a delta', ''],
    [['merge', 'app-1.0.tar', 'app-1.1.tar', '-o', 'x.tar'], 'not a delta', 'the delta last'],
    [['build', 'list.txt', '-o', '-', '--split', 'cd'], 'a stream cannot be split', ''],
    [['inspect', '-'], 'no such file', 'only airgap verify reads a bundle from standard input'],
    // A pipe has a path, but not one to write a file to.
    [['build', 'list.txt', '-o', '/dev/stdout'], 'a device or a pipe', 'Write to a file'],
    [
      ['delta', 'app-1.0.tar', 'app-1.1.tar', '-o', '-'],
      'cannot be written to standard output',
      'Pass the name',
    ],
    [['split', 'app-1.1.tar', '--split', 'cd', '-o', '-'], 'cannot be written to standard output', ''],
    [['join', 'split.tar.001', '-o', '-'], 'cannot be written to standard output', ''],
    [['kots', 'app-1.1.tar', '-o', '-'], 'cannot be written to standard output', ''],
    [['build', 'list.txt', '-o', 'x.tar', '--report', '-'], 'cannot be written to standard output', ''],
  ])('rejects airgap %j', async (args, message, hint) => {
    const { status, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
    expect([1, 2, 5]).toContain(status);
    expect(work.files().filter(name => name.startsWith('x.tar') || name.startsWith('-'))).toEqual([]);
  });

  it.each([
    [['pull', 'oci://127.0.0.1:1/app:1', '-o', '-']],
    [['lock', 'list.txt', '-o', '-']],
    ...['mapping', 'kustomize', 'registries-yaml', 'pull-secret'].map(flag => [
      ['load', 'app-1.1.tar', '127.0.0.1:1', `--${flag}`, '-'],
    ]),
  ])('takes "-" for standard output only in build: airgap %j', async args => {
    const { status, stderr } = await run(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining('cannot be written to standard output')]);
    expect(work.files().filter(name => /^-|^x/.test(name))).toEqual([]);
  });

  it.each([
    [['delta', 'app-1.0.tar', 'app-1.1.tar', '-o', 'app-1.1.tar'], 'app-1.1.tar'],
    [['delta', 'app-1.0.tar', 'app-1.1.tar', '-o', './app-1.0.tar'], 'app-1.0.tar'],
    [['split', 'split.tar.001', '-o', 'split.tar', '--split', '2MiB'], 'split.tar.001'],
    [['build', 'list.txt', '-o', 'list.txt'], 'list.txt'],
    [['build', 'list.txt', '-o', 'x.tar', '--report', './list.txt'], 'list.txt'],
    [['build', 'list.txt', '-o', 'app-1.0.tar', '--delta-from', 'app-1.0.tar'], 'app-1.0.tar'],
    [['build', 'list.txt', '-o', 'app-1.0.tar', '--from', 'oci-archive:app-1.0.tar'], 'app-1.0.tar'],
    [
      ['build', 'list.txt', '-o', 'app-1.0.tar', '--report', 'r.html', '--since', 'app-1.0.tar'],
      'app-1.0.tar',
    ],
  ])('does not write over an input: airgap %j', async (args, input) => {
    const before = contentOf(input);
    const { status, stderr } = await run(...args);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/conflicts with|is an input/)]);
    expect(contentOf(input).equals(before)).toBe(true);
  });

  it('joins under the name of the bundle', async () => {
    mkdirSync(work.file('there'));
    for (const name of PARTS) copyFileSync(work.file(name), work.file(`there/${name}`));
    const { status, stdout } = await run('join', 'there/split.tar.001');
    expect(stdout).toContain(`${work.file('there/split.tar')}: 4.5 MB in`);
    expect(status).toBe(0);
    expect(contentOf('there/split.tar').equals(contentOf('app-1.1.tar'))).toBe(true);
  });

  it('names the parts that are damaged inside of a layer', async () => {
    mkdirSync(work.file('inside'));
    const sums = PARTS.map(name => `${sha256(contentOf(name)).slice('sha256:'.length)}  ${name}\n`);
    const path = (name: string) => work.file(`inside/${name}`);
    for (const name of PARTS) copyFileSync(work.file(name), path(name));
    writeFileSync(path('split.tar.004'), contentOf('split.tar.004').fill(1, 5000, 5001));
    const unlisted = await run('verify', 'inside/split.tar.001');
    expect(unlisted.stdout).not.toContain('split.tar.004');
    writeFileSync(path('split.tar.parts.sha256'), sums.join(''));
    for (const name of ['split.tar.001', 'split.tar']) {
      const { status, stdout } = await run('verify', `inside/${name}`);
      expect(stdout).toContain('problem: split.tar.004: digest mismatch: expected sha256:');
      expect(stdout).not.toContain('split.tar.003');
      expect(status).toBe(1);
    }
    const whole = sha256(contentOf(...PARTS)).slice('sha256:'.length);
    writeFileSync(path('split.tar.sha256'), `${whole}  split.tar\n`);
    const { status, stderr } = await run('verify', 'inside/split.tar.001');
    expect(stderr).toContain('error: split.tar.004: digest mismatch');
    expect(status).toBe(4);
  });

  it('is verified one part at a time with the checksums of the parts', async () => {
    mkdirSync(work.file('medium'));
    const sums = PARTS.map(name => `${sha256(contentOf(name)).slice('sha256:'.length)}  ${name}\n`);
    writeFileSync(work.file('medium/split.tar.parts.sha256'), sums.join(''));
    copyFileSync(work.file('split.tar.003'), work.file('medium/split.tar.003'));
    expect(await run('verify', 'medium/split.tar.003')).toMatchObject({
      stdout:
        'medium/split.tar.003: OK: one part, 1.0 MB\nlisted in medium/split.tar.parts.sha256 (not signed)\n',
      status: 0,
    });
    copyFileSync(work.file('split.tar.004'), work.file('medium/split.tar.003'));
    const swapped = await run('verify', 'medium/split.tar.003');
    expect(swapped.stdout).toContain('split.tar.003 is split.tar.004: rename it');
    expect(swapped.status).toBe(1);
    writeFileSync(work.file('medium/split.tar.001'), contentOf('split.tar.001').fill(1, 5000, 5001));
    const first = await run('verify', 'medium/split.tar.001');
    expect(first.stdout).toContain('split.tar.001: digest mismatch: expected sha256:');
    expect(first.status).toBe(1);
    for (const name of PARTS) copyFileSync(work.file(name), work.file(`medium/${name}`));
    expect((await run('verify', 'medium/split.tar.001')).stdout).toContain('OK: 2 names, 7 blobs');
  });

  it('names a surplus part, and a part that is gone with the first one', async () => {
    copyFileSync(work.file('split.tar.002'), work.file('split.tar.006'));
    const surplus = await run('verify', 'split.tar.001');
    expect(surplus.stdout).toContain('split.tar.006 does not belong to the bundle, which has 5 parts');
    expect(surplus.status).toBe(1);
    rmSync(work.file('split.tar.006'));
    renameSync(work.file('split.tar.001'), work.file('kept'));
    const first = await run('verify', 'split.tar.001');
    expect(first.stdout).toContain('split.tar.001 is missing: here are 2, 3, 4, 5');
    expect(first.status).toBe(1);
    renameSync(work.file('kept'), work.file('split.tar.001'));
  });
});

describe('build --delta-from', () => {
  it('downloads and writes only what the old bundle lacks', async () => {
    const { status, stdout } = await built('app-1.1.delta.tar', '--delta-from', 'app-1.0.tar', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.missing).toEqual({ blobs: 2, bytes: 3.5 * MB });
    expect(result.transferred.downloaded).toBe(MB);
    expect(result.size).toBeLessThan(1.1 * MB);
    expect(contentOf('app-1.1.delta.tar').subarray(0, 18).toString()).toBe('airgap-delta.json\0');
  });

  it('writes what airgap delta makes of two bundles, under a name of its own', async () => {
    mkdirSync(work.file('new'));
    copyFileSync(work.file('app-1.1.tar'), work.file('new/app-1.1.tar'));
    const { status, stdout } = await run('delta', 'app-1.0.tar', 'new/app-1.1.tar');
    expect(stdout).toContain('2 layers, 3.5 MB left to the base; the complete bundle has 4.5 MB');
    expect(status).toBe(0);
    expect(contentOf('new/app-1.1.delta.tar').equals(contentOf('app-1.1.delta.tar'))).toBe(true);
  });

  it('streams', async () => {
    const mirror = `registry.test=http://${registry.host}`;
    const { stdout } = await airgap(
      ['build', 'list.txt', '-o', '-', '--mirror', mirror, '--delta-from', 'app-1.0.tar'],
      { cwd: work.path },
    );
    expect(stdout.equals(contentOf('app-1.1.delta.tar'))).toBe(true);
  });

  describe('a lock', () => {
    const mirror = () => ['--mirror', `registry.test=http://${registry.host}`];

    beforeAll(async () => {
      push(3);
      expect((await run('lock', 'list.txt', '-o', 'app-1.0.lock', ...mirror())).status).toBe(0);
      push(4);
    });

    it('leads to the same delta, without a layer of the old bundle', async () => {
      registry.seen.length = 0;
      const flags = ['--delta-from', 'app-1.0.lock', '--report', 'lock.html', '--json'];
      const { status, stdout } = await built('from-lock.delta.tar', ...flags);
      expect(status).toBe(0);
      expect(contentOf('from-lock.delta.tar').equals(contentOf('app-1.1.delta.tar'))).toBe(true);
      expect(downloaded(stdout)).toBe(MB);
      const layers = [noiseOf(1, 1.5 * MB), noiseOf(2, 2 * MB), noiseOf(3, MB)].map(({ diffId }) => diffId);
      expect(registry.seen.filter(({ path }) => layers.some(digest => path.includes(digest)))).toEqual([]);
    });

    it.each([
      ['invalid', 'lockVersion: 2\n', 'lockVersion: must be 1', 2],
      ['not a lock', 'images: []\n', 'not a tar file', 1],
      [
        'of an image that is gone',
        `lockVersion: 1\nplatforms: [linux/amd64]\nimages:\n  - image: registry.test/team/app:1\n    digest: sha256:${'a'.repeat(64)}\n`,
        'broken.lock:5:13',
        // The mirror lacks it, and there is no registry behind it.
        3,
      ],
    ])('that is %s is refused', async (_what, text, message, expected) => {
      writeFileSync(work.file('broken.lock'), text);
      const { status, stderr } = await built('x.tar', '--delta-from', 'broken.lock');
      expect([status, stderr]).toEqual([expected, expect.stringContaining(message)]);
      expect(work.files()).not.toContain('x.tar');
    });
  });

  it.each<[string[], number, string]>([
    [[], 1, 'incomplete: 2 layers (3.5 MB) expected from the base'],
    [['--allow-missing-base'], 0, 'OK: 2 names, 5 blobs, 1.0 MB; 2 layers, 3.5 MB expected from the base'],
    [['--base', 'app-1.0.tar'], 0, 'OK: 2 names, 7 blobs, 4.5 MB'],
    [['--base', 'app-1.1.tar'], 0, 'OK'],
  ])('verify with %j: exit status %d', async (flags, status, text) => {
    const result = await run('verify', 'app-1.1.delta.tar', ...flags);
    expect(result.stdout).toContain(text);
    expect(result.status).toBe(status);
    // From a stream, too.
    const streamed = await airgap(['verify', '-', ...flags], {
      cwd: work.path,
      stdin: contentOf('app-1.1.delta.tar'),
    });
    expect(streamed.stdout.toString()).toContain(text);
    expect(streamed.status).toBe(status);
  });

  it('merges to the bundle, or to its parts', async () => {
    const { status, stderr } = await run('merge', 'app-1.0.tar', 'app-1.1.delta.tar', '-o', 'merged.tar');
    expect(stderr).not.toContain('made against');
    expect(status).toBe(0);
    expect(contentOf('merged.tar').equals(contentOf('app-1.1.tar'))).toBe(true);
    expect(
      (await run('merge', 'app-1.0.tar', 'app-1.1.delta.tar', '-o', 'parts.tar', '--split', '2MiB')).status,
    ).toBe(0);
    expect(
      contentOf('parts.tar.001', 'parts.tar.002', 'parts.tar.003').equals(contentOf('app-1.1.tar')),
    ).toBe(true);
  });

  it('says that another bundle than its base has the layers', async () => {
    const { status, stderr } = await run('merge', 'app-1.1.tar', 'app-1.1.delta.tar', '-o', 'again.tar');
    expect(stderr).toMatch(
      /the delta was made against sha256:\w{64}, not against sha256:\w{64}, which has its layers, too/,
    );
    expect(status).toBe(0);
  });

  it('says what a base lacks', async () => {
    await build({
      specs: [{ file: 'one.txt', text: 'registry.test/team/app:1' }],
      output: work.file('app-0.9.tar'),
      mirrors: { 'registry.test': `http://${registry.host}` },
    });
    const { status, stderr } = await run('merge', 'app-0.9.tar', 'app-1.1.delta.tar', '-o', 'x.tar');
    expect(stderr).toMatch(
      /app-0\.9\.tar is not what this delta was made against: it lacks 1 layer \(2\.0 MB\); made against the bundle sha256:\w{64} \(4\.5 MB\), got sha256:\w{64}/,
    );
    expect(status).toBe(2);
    expect(work.files()).not.toContain('x.tar');
  });

  it('is rejected where it is not the last', async () => {
    const { status, stderr } = await run('delta', 'app-1.0.tar', 'app-1.1.delta.tar', '-o', 'x.delta.tar');
    expect(stderr).toContain('the new bundle is a delta itself');
    expect(status).toBe(2);
  });

  it('works in parts', async () => {
    const flags = ['--delta-from', 'app-1.0.tar', '--split', '1MiB'];
    expect((await built('in-parts.delta.tar', ...flags)).status).toBe(0);
    const inspected = await run('inspect', 'in-parts.delta.tar.001');
    expect(inspected.stdout).toContain('delta: 2 layers (3.5 MB) expected from the base');
    expect(inspected.status).toBe(0);
    expect((await run('diff', 'app-1.1.tar', 'in-parts.delta.tar')).status).toBe(0);
  });
});

describe('checksums', () => {
  beforeAll(async () => {
    expect(await run('delta', 'app-1.0.tar', 'app-1.1.tar', '-o', 'sums.delta.tar')).toMatchObject({
      status: 0,
    });
  });
  const folder = (name: string) => {
    mkdirSync(work.file(name));
    for (const file of ['app-1.0.tar', 'app-1.1.tar'])
      copyFileSync(work.file(file), work.file(`${name}/${file}`));
    return name;
  };
  const sums = (path: string) => readFileSync(work.file(path), 'utf8');

  it.each<[string, (folder: string) => string[], string, boolean]>([
    [
      'split',
      folder => ['split', `${folder}/app-1.1.tar`, '-o', `${folder}/new.tar`, '--split', '1MiB'],
      'new.tar',
      true,
    ],
    [
      'delta',
      folder => ['delta', `${folder}/app-1.0.tar`, `${folder}/app-1.1.tar`, '-o', `${folder}/new.tar`],
      'new.tar',
      false,
    ],
    [
      'delta in parts',
      folder => [
        'delta',
        `${folder}/app-1.0.tar`,
        `${folder}/app-1.1.tar`,
        '-o',
        `${folder}/new.tar`,
        '--split',
        '1MiB',
      ],
      'new.tar',
      true,
    ],
    [
      'merge',
      folder => ['merge', `${folder}/app-1.0.tar`, 'sums.delta.tar', '-o', `${folder}/new.tar`],
      'new.tar',
      false,
    ],
  ])('of airgap %s are those of airgap build', async (verb, args, name, isSplit) => {
    const path = folder(`sums-${verb.replaceAll(' ', '-')}`);
    const { status, stdout } = await run(...args(path), '--checksums', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout);
    expect(result.checksums).toBe(work.file(`${path}/${name}.sha256`));
    const parts = work.files(path).filter(file => /\.\d{3}$/.test(file));
    expect(parts.length > 0).toBe(isSplit);
    const bytes = contentOf(...(isSplit ? parts : [name]).map(file => `${path}/${file}`));
    expect(result.fileDigest).toBe(sha256(bytes));
    const index = sha256(contentOf(`${path}/${name}.index.json`));
    expect(index).toBe(result.digest);
    const line = (digest: string, file: string) => `${digest.slice('sha256:'.length)}  ${file}\n`;
    expect(sums(`${path}/${name}.sha256`)).toBe(
      line(sha256(bytes), name) + line(index, `${name}.index.json`),
    );
    if (isSplit)
      expect(sums(`${path}/${name}.parts.sha256`)).toBe(
        parts.map(file => line(sha256(contentOf(`${path}/${file}`)), file)).join(''),
      );
    const verified = await run('verify', `${path}/${isSplit ? `${name}.001` : name}`, '--allow-missing-base');
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringContaining('(not signed)')]);
  });

  it('of another bundle are reported, those of the same are not', async () => {
    const path = folder('sums-stale');
    writeFileSync(work.file(`${path}/new.tar.sha256`), `${'0'.repeat(64)}  new.tar\n`);
    const merged = await run('merge', 'app-1.0.tar', 'sums.delta.tar', '-o', `${path}/new.tar`);
    expect(merged.stderr).toContain('new.tar.sha256 is of another bundle: remove it');
    const line = `${sha256(contentOf('app-1.1.tar')).slice('sha256:'.length)}  app-1.1.tar\n`;
    writeFileSync(work.file(`${path}/app-1.1.tar.sha256`), line);
    const split = await run('split', `${path}/app-1.1.tar`, '--split', '1MiB');
    expect(split.stderr).not.toContain('sha256');
  });
});

describe('a registry that does not mount', () => {
  const moved = work.file('moved.delta.tar');

  beforeAll(async () => {
    // The layer of other 1.0 moves to a repository that does not have it.
    registry.push(
      'team/app:1',
      imageOf({ layers: [noiseOf(2, 2 * MB), noiseOf(6, MB)], compression: 'none' }),
    );
    expect((await built('moved.delta.tar', '--delta-from', 'app-1.0.tar')).status).toBe(0);
  });

  it.each([202, 404, 405] as const)('with %d gets nothing but from the base', async mount => {
    await using target = await TestRegistry.start({ mount });
    const options = { target: target.host, plainHttp: [target.host] };
    await load({ ...options, bundle: work.file('app-1.0.tar') });
    target.seen.length = 0;
    await expect(load({ ...options, bundle: moved })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'a blob is missing: the delta leaves it to its base',
      hint: 'Pass the bundle that the delta was made against with --base.',
    });
    expect(target.seen.filter(({ bytes }) => bytes > 0)).toEqual([]);
    await load({ ...options, bundle: moved, base: [work.file('app-1.0.tar')] });
    expect(target.blob('team/app', noiseOf(2, 2 * MB).diffId)?.length).toBe(2 * MB);
  });
});
