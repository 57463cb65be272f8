import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { build, type DiffResult, diff, inspect } from '@airgap/core';
import { afterAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { withEntry } from '../support/bundle.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseOf,
  sha256,
  type TestImage,
  type TestLayer,
} from '../support/images/image.ts';
import { output } from '../support/programs/program.ts';

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const base = noiseOf(1, 9000);
const firstLayer = noiseOf(2, 2000);
const secondLayer = noiseOf(3, 3000);

const image = (layers: readonly TestLayer[], platform = AMD64) =>
  imageOf({ layers, platform, compression: 'none' });
const first = image([base, firstLayer]);
const second = image([base, secondLayer]);
const arm = image([base, firstLayer], ARM64);

/** The images of a bundle, by name without the registry. */
type Images = Readonly<Record<string, TestImage>>;

/** Builds a bundle of these images. */
async function bundleOf(images: Images): Promise<string> {
  await using registry = await TestRegistry.start();
  for (const [name, content] of Object.entries(images)) registry.push(name, content);
  const path = `${mkdtempSync(work.file('bundle-'))}/bundle.tar`;
  await build({
    specs: [{ file: 'list.txt', text: Object.keys(images).map(nameOf).join('\n') }],
    output: path,
    platforms: 'all',
    mirrors: { 'registry.test': `http://${registry.host}` },
  });
  return path;
}

/** Unpacks a bundle into an OCI layout directory. */
async function layoutOf(bundle: string): Promise<string> {
  const folder = mkdtempSync(work.file('layout-'));
  await output('tar', '-xf', bundle, '-C', folder);
  return folder;
}

/** A bundle with another `index.json`. */
function indexed(bundle: string, change: (text: string) => string): string {
  const path = `${mkdtempSync(work.file('changed-'))}/bundle.tar`;
  writeFileSync(path, withEntry(readFileSync(bundle), 'index.json', change));
  return path;
}

function nameOf(name: string): string {
  return `registry.test/${name}`;
}

/** The size of a manifest and its blobs, in bytes. */
function bytesOf({ bytes, blobs }: TestImage): number {
  return [...blobs.values()].reduce((sum, blob) => sum + blob.length, bytes.length);
}

const old = await bundleOf({ 'team/app:1': first, 'team/other:1': second });
const layer = ({ bytes, diffId }: TestLayer) => ({ digest: diffId, size: bytes.length });
/** The size of the manifest and config of an image, in bytes. */
const documents = (content: TestImage, layers: readonly TestLayer[]) =>
  layers.reduce((sum, { bytes }) => sum - bytes.length, bytesOf(content));

describe('diff reports', () => {
  const cases: [string, Images, Images, Partial<Record<keyof DiffResult, unknown>>][] = [
    [
      'no differences',
      { 'team/app:1': first },
      { 'team/app:1': first },
      {
        differs: false,
        added: [],
        removed: [],
        changed: [],
        unchanged: 1,
        onlyNew: { blobs: 0, bytes: 0 },
        onlyOld: { blobs: 0, bytes: 0 },
        shared: { blobs: 4, bytes: bytesOf(first) },
      },
    ],
    [
      'an added image, and the bytes that OLD does not contain',
      { 'team/app:1': first },
      { 'team/app:1': first, 'team/other:1': second },
      {
        differs: true,
        unchanged: 1,
        changed: [],
        removed: [],
        added: [
          {
            name: nameOf('team/other:1'),
            digest: second.digest,
            platforms: ['linux/amd64'],
            bytes: bytesOf(second),
            newBytes: bytesOf(second) - base.bytes.length,
          },
        ],
        onlyNew: { blobs: 3, bytes: bytesOf(second) - base.bytes.length },
        onlyOld: { blobs: 0, bytes: 0 },
        shared: { blobs: 4, bytes: bytesOf(first) },
      },
    ],
    [
      'a removed image, and the bytes that NEW does not contain',
      { 'team/app:1': first, 'team/other:1': second },
      { 'team/app:1': first },
      {
        unchanged: 1,
        added: [],
        removed: [{ name: nameOf('team/other:1'), oldBytes: bytesOf(second) - base.bytes.length }],
        onlyNew: { blobs: 0 },
        onlyOld: { blobs: 3 },
      },
    ],
    [
      'a name that points to a different image, layer by layer',
      { 'team/app:1': first },
      { 'team/app:1': second },
      {
        added: [],
        removed: [],
        unchanged: 0,
        changed: [
          {
            name: nameOf('team/app:1'),
            oldDigest: first.digest,
            newDigest: second.digest,
            platforms: [{ platform: 'linux/amd64', oldDigest: first.digest, newDigest: second.digest }],
            addedLayers: [{ ...layer(secondLayer), shared: false }],
            removedLayers: [{ ...layer(firstLayer), shared: false }],
            bytes: bytesOf(second),
            newBytes: bytesOf(second) - base.bytes.length,
            oldBytes: bytesOf(first) - base.bytes.length,
          },
        ],
        shared: { blobs: 1, bytes: base.bytes.length },
      },
    ],
    [
      'a new layer as shared if another image of OLD contains it',
      { 'team/app:1': first, 'team/other:1': second },
      { 'team/app:1': image([base, firstLayer, secondLayer]), 'team/other:1': second },
      {
        unchanged: 1,
        changed: [
          {
            addedLayers: [{ ...layer(secondLayer), shared: true }],
            removedLayers: [],
            newBytes: documents(image([base, firstLayer, secondLayer]), [base, firstLayer, secondLayer]),
          },
        ],
        onlyNew: { blobs: 2 },
      },
    ],
    [
      'another tag for the same digest, with 0 new bytes',
      { 'team/app:1': first },
      { 'team/app:2': first },
      {
        differs: true,
        added: [
          {
            name: nameOf('team/app:2'),
            digest: first.digest,
            newBytes: 0,
            oldName: nameOf('team/app:1'),
          },
        ],
        removed: [{ name: nameOf('team/app:1'), oldBytes: 0, newName: nameOf('team/app:2') }],
        changed: [],
        onlyNew: { blobs: 0, bytes: 0 },
        onlyOld: { blobs: 0, bytes: 0 },
      },
    ],
    [
      'two swapped tags',
      { 'team/app:1': first, 'team/app:2': second },
      { 'team/app:1': second, 'team/app:2': first },
      {
        changed: [{ newBytes: 0 }, { newBytes: 0 }],
        onlyNew: { blobs: 0 },
        onlyOld: { blobs: 0 },
      },
    ],
    [
      'an added platform of an index',
      { 'team/app:1': indexOf([first]) },
      { 'team/app:1': indexOf([first, arm]) },
      {
        changed: [
          {
            oldDigest: indexOf([first]).digest,
            newDigest: indexOf([first, arm]).digest,
            platforms: [{ platform: 'linux/arm64', newDigest: arm.digest }],
            addedLayers: [],
            newBytes: indexOf([first, arm]).bytes.length + documents(arm, [base, firstLayer]),
          },
        ],
      },
    ],
    [
      'a platform removed from an index',
      { 'team/app:1': indexOf([first, arm]) },
      { 'team/app:1': first },
      {
        changed: [
          {
            newDigest: first.digest,
            platforms: [{ platform: 'linux/arm64', oldDigest: arm.digest }],
            newBytes: 0,
          },
        ],
      },
    ],
    [
      'an index of which one platform has changed',
      { 'team/app:1': indexOf([first, arm]) },
      { 'team/app:1': indexOf([second, arm]) },
      {
        changed: [
          { platforms: [{ platform: 'linux/amd64', oldDigest: first.digest, newDigest: second.digest }] },
        ],
      },
    ],
    [
      'the subject of a new referrer',
      { 'team/app:1': first },
      { 'team/app:1': first, 'team/app:note': artifactOf({ subject: first }) },
      { added: [{ subject: first.digest, platforms: [] }] },
    ],
  ];

  it.each(cases)('%s', async (_what, before, after, expected) => {
    const result = await diff({ old: await bundleOf(before), new: await bundleOf(after) });
    expect(result).toMatchObject(expected);
  });

  it('the same sums as inspect', async () => {
    const { path, images, blobs, blobBytes } = await inspect({ bundle: old });
    const side = { path, images: images.length, blobs, bytes: blobBytes };
    expect(await diff({ old, new: old })).toMatchObject({ old: side, new: side, differs: false });
  });

  it('a duplicate name by its digests', async () => {
    const duplicated = (order: (list: object[]) => object[]) =>
      indexed(old, text => {
        const index = JSON.parse(text);
        const [{ annotations }] = index.manifests;
        const manifests = index.manifests.map((descriptor: object) => ({ ...descriptor, annotations }));
        return JSON.stringify({ ...index, manifests: order(manifests) });
      });
    const both = duplicated(list => list);
    expect(await diff({ old: both, new: duplicated(list => list.reverse()) })).toMatchObject({
      differs: false,
      unchanged: 2,
    });
    expect(await diff({ old: both, new: duplicated(list => list.slice(1)) })).toMatchObject({
      unchanged: 1,
      changed: [],
      removed: [{ name: nameOf('team/app:1'), digest: first.digest }],
    });
  });

  it('an image without a name by its digest', async () => {
    const unnamed = indexed(old, text => text.replaceAll(/"annotations":\{[^}]*\}/g, '"annotations":{}'));
    const { added } = await diff({ old, new: unnamed });
    expect(added.map(({ name }) => name).sort()).toEqual([first.digest, second.digest].sort());
  });
});

describe('an OCI layout directory', () => {
  it.each<[string, (folder: string) => [string, string]]>([
    ['as OLD', folder => [folder, old]],
    ['as NEW', folder => [old, folder]],
    ['as both', folder => [folder, folder]],
  ])('is compared %s', async (_where, sides) => {
    const [from, to] = sides(await layoutOf(old));
    const result = await diff({ old: from, new: to });
    expect(result).toMatchObject({ differs: false, unchanged: 2, onlyNew: { blobs: 0 } });
    expect(result.shared.bytes).toBe((await inspect({ bundle: old })).blobBytes);
  });

  it('is compared without hashing layers: changed bytes are not detected', async () => {
    const folder = await layoutOf(old);
    writeFileSync(`${folder}/blobs/sha256/${base.diffId.slice(7)}`, Buffer.alloc(base.bytes.length));
    expect((await diff({ old: folder, new: old })).differs).toBe(false);
  });
});

describe('diff fails for', () => {
  const blob = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
  const damages: [string, (folder: string) => void, number, string][] = [
    ['lacks index.json', folder => rmSync(`${folder}/index.json`), 2, 'index.json is missing'],
    [
      'has a directory called index.json',
      folder => replaceByDirectory(`${folder}/index.json`),
      2,
      'index.json is missing',
    ],
    ['has an index that is not JSON', folder => write(folder, 'index.json', '{'), 2, 'is not valid JSON'],
    [
      'has an index without manifests',
      folder => write(folder, 'index.json', '{}'),
      2,
      'breaks the image specification',
    ],
    [
      'lacks blobs/sha256',
      folder => rmSync(`${folder}/blobs`, { recursive: true }),
      2,
      'no such file or directory',
    ],
    ['lacks a manifest', folder => rmSync(`${folder}/${blob(first)}`), 2, 'a blob is missing'],
    ['lacks a layer', folder => rmSync(`${folder}/${blob(layer(base))}`), 2, 'a blob is missing'],
    ['has a truncated layer', folder => truncateSync(`${folder}/${blob(layer(base))}`, 10), 2, 'got 10'],
    [
      'has a different manifest',
      folder => write(folder, blob(first), ' '.repeat(first.bytes.length)),
      4,
      'digest mismatch',
    ],
  ];

  it.each(damages)('a layout that %s', async (_how, damage, status, words) => {
    const folder = await layoutOf(old);
    damage(folder);
    const outcome = await airgap(['diff', old, folder]);
    expect(outcome).toMatchObject({ status, stdout: Buffer.alloc(0) });
    expect(outcome.stderr).toContain(words);
    expect(outcome.stderr).toContain(folder);
  });

  it.each<[string, (path: string) => void, string]>([
    ['does not exist', () => {}, 'no such file or directory'],
    ['is empty', path => writeFileSync(path, ''), 'not a tar file'],
    ['is text', path => writeFileSync(path, 'hello\n'.repeat(1000)), 'not a tar file'],
    ['is compressed', path => writeFileSync(path, Buffer.from('1f8b'.padEnd(2000, '0'), 'hex')), 'gzip'],
    ['is truncated', path => writeFileSync(path, readFileSync(old).subarray(0, 9000)), 'truncated tar'],
    [
      'refers to a config instead of a manifest',
      path => writeFileSync(path, withEntry(readFileSync(old), 'index.json', toConfig)),
      'violates the image specification',
    ],
  ])('a file that %s', async (_how, write, words) => {
    const path = `${mkdtempSync(work.file('garbage-'))}/bundle.tar`;
    write(path);
    for (const sides of [
      [old, path],
      [path, old],
    ]) {
      const { status, stderr } = await airgap(['diff', ...sides]);
      expect(stderr).toContain(words);
      expect(stderr).toContain(path);
      expect(status).toBe(2);
    }
  });

  it('an aborted signal', async () => {
    const signal = AbortSignal.abort();
    await expect(diff({ old, new: old, signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  function write(folder: string, name: string, text: string): void {
    writeFileSync(`${folder}/${name}`, text);
  }

  function toConfig(text: string): string {
    const config = [...first.blobs.values()][0] ?? Buffer.alloc(0);
    const index = JSON.parse(text);
    const descriptor = { ...index.manifests[0], digest: sha256(config), size: config.length };
    return JSON.stringify({ ...index, manifests: [descriptor] });
  }

  function replaceByDirectory(path: string): void {
    rmSync(path);
    mkdirSync(path);
  }
});

describe('airgap diff', () => {
  it('prints the changes, and exits with 1', async () => {
    const from = await bundleOf({ 'team/app:1': first, 'team/gone:1': arm, 'team/many:1': indexOf([first]) });
    const to = await bundleOf({
      'team/app:1': second,
      'team/come:1': arm,
      'team/many:1': indexOf([first, arm]),
    });
    const { status, stdout, stderr } = await airgap(['diff', from, to]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    const text = stdout.toString();
    const parts = [
      `removed registry.test/team/gone:1\n  ${arm.digest}  linux/arm64  `,
      '0 B in OLD only; NEW has it as registry.test/team/come:1\n',
      `added registry.test/team/come:1\n  ${arm.digest}  linux/arm64  `,
      '0 B new; OLD has it as registry.test/team/gone:1\n',
      `changed registry.test/team/app:1\n  ${first.digest} -> ${second.digest}\n  - ${firstLayer.diffId}    2.0 kB  also in NEW\n  + ${secondLayer.diffId}    3.0 kB\n`,
      `    linux/arm64 added: ${arm.digest}\n`,
      `${from} -> ${to}: 1 added, 1 removed, 2 changed, 0 unchanged\n`,
      ' in NEW only; ',
    ];
    for (const part of parts) expect(text).toContain(part);
  });

  it('prints that nothing changed, and exits with 0', async () => {
    const { status, stdout } = await airgap(['diff', old, old]);
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(
      /^.* -> .*: 0 added, 0 removed, 0 changed, 2 unchanged\n0 blobs, 0 B in NEW only; 0 blobs, 0 B in OLD only; 7 blobs, 15\.9 kB in both\n$/,
    );
  });

  it('prints the result of the library as one JSON object', async () => {
    const next = await bundleOf({ 'team/app:1': second });
    const { status, stdout, stderr } = await airgap(['diff', old, next, '--json']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(JSON.parse(stdout.toString())).toEqual(await diff({ old, new: next }));
  });

  it('prints an error as one JSON object, too', async () => {
    const { status, stdout } = await airgap(['diff', old, work.file('nothing.tar'), '--json']);
    expect(status).toBe(2);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      error: { code: 'INPUT', where: { path: work.file('nothing.tar') } },
    });
  });

  it.each([[[]], [['--json']]])('escapes control characters in names %j', async flags => {
    const evil = 'registry.test/\u001b[2J\u009b\u202e\u0007:1';
    const path = indexed(old, text =>
      text.replaceAll(nameOf('team/app:1'), JSON.stringify(evil).slice(1, -1)),
    );
    for (const sides of [
      [old, path],
      [path, old],
    ]) {
      const { status, stdout } = await airgap(['diff', ...sides, ...flags]);
      expect(status).toBe(1);
      expect(stdout.toString()).toMatch(/registry\.test\/\\u/);
      expect(stdout.toString()).not.toMatch(/[^\P{C}\n]/u);
    }
  });

  it('prints colors only when requested', async () => {
    const next = await bundleOf({ 'team/app:1': second });
    const coloured = await airgap(['diff', old, next], { env: { NO_COLOR: '', FORCE_COLOR: '1' } });
    expect(coloured.stdout.toString()).toContain('\u001b[33mchanged\u001b[39m');
    expect((await airgap(['diff', old, next])).stdout.toString()).not.toContain('\u001b');
  });

  it('writes nothing', async () => {
    const before = readdirSync(work.path, { recursive: true }).length;
    await airgap(['diff', old, old]);
    expect(readdirSync(work.path, { recursive: true }).length).toBe(before);
  });
});
