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
import { airgap, TempDir } from './airgap.ts';
import { withEntry } from './bundle.ts';
import { artifactOf, imageOf, indexOf, noiseOf, type TestImage, type TestLayer } from './images/image.ts';
import { output } from './programs/program.ts';
import { TestRegistry } from './registry/registry.ts';

const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const [base, one, two] = [noiseOf(1, 9000), noiseOf(2, 2000), noiseOf(3, 3000)];

const image = (layers: readonly TestLayer[], platform = AMD64) =>
  imageOf({ layers, platform, compression: 'none' });
const first = image([base, one]);
const second = image([base, two]);
const arm = image([base, one], ARM64);

/** The images of a bundle, by the part of their names after the registry. */
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

/** All bytes of an image's own, without those below it. */
function bytesOf({ bytes, blobs }: TestImage): number {
  return [...blobs.values()].reduce((sum, blob) => sum + blob.length, bytes.length);
}

const old = await bundleOf({ 'team/app:1': first, 'team/other:1': second });
const layer = ({ bytes, diffId }: TestLayer) => ({ digest: diffId, size: bytes.length });
/** Manifest and config of an image. */
const documents = (one: TestImage, layers: readonly TestLayer[]) =>
  layers.reduce((sum, { bytes }) => sum - bytes.length, bytesOf(one));

describe('diff tells', () => {
  const cases: [string, Images, Images, Partial<Record<keyof DiffResult, unknown>>][] = [
    [
      'that nothing differs',
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
      'an image added, and the bytes that OLD lacks',
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
            ownBytes: bytesOf(second) - base.bytes.length,
          },
        ],
        onlyNew: { blobs: 3, bytes: bytesOf(second) - base.bytes.length },
        onlyOld: { blobs: 0, bytes: 0 },
        shared: { blobs: 4, bytes: bytesOf(first) },
      },
    ],
    [
      'an image removed, and the bytes that NEW lacks',
      { 'team/app:1': first, 'team/other:1': second },
      { 'team/app:1': first },
      {
        unchanged: 1,
        added: [],
        removed: [{ name: nameOf('team/other:1'), ownBytes: bytesOf(second) - base.bytes.length }],
        onlyNew: { blobs: 0 },
        onlyOld: { blobs: 3 },
      },
    ],
    [
      'a name that stands for another image, layer by layer',
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
            addedLayers: [{ ...layer(two), shared: false }],
            removedLayers: [{ ...layer(one), shared: false }],
            bytes: bytesOf(second),
            newBytes: bytesOf(second) - base.bytes.length,
            oldBytes: bytesOf(first) - base.bytes.length,
          },
        ],
        shared: { blobs: 1, bytes: base.bytes.length },
      },
    ],
    [
      'that a new layer need not be carried, because another image of OLD has it',
      { 'team/app:1': first, 'team/other:1': second },
      { 'team/app:1': image([base, one, two]), 'team/other:1': second },
      {
        unchanged: 1,
        changed: [
          {
            addedLayers: [{ ...layer(two), shared: true }],
            removedLayers: [],
            newBytes: documents(image([base, one, two]), [base, one, two]),
          },
        ],
        onlyNew: { blobs: 2 },
      },
    ],
    [
      'another tag for the same digest, which costs nothing',
      { 'team/app:1': first },
      { 'team/app:2': first },
      {
        differs: true,
        added: [
          {
            name: nameOf('team/app:2'),
            digest: first.digest,
            ownBytes: 0,
            otherName: nameOf('team/app:1'),
          },
        ],
        removed: [{ name: nameOf('team/app:1'), ownBytes: 0, otherName: nameOf('team/app:2') }],
        changed: [],
        onlyNew: { blobs: 0, bytes: 0 },
        onlyOld: { blobs: 0, bytes: 0 },
      },
    ],
    [
      'two tags that have changed places',
      { 'team/app:1': first, 'team/app:2': second },
      { 'team/app:1': second, 'team/app:2': first },
      {
        changed: [{ newBytes: 0 }, { newBytes: 0 }],
        onlyNew: { blobs: 0 },
        onlyOld: { blobs: 0 },
      },
    ],
    [
      'a platform added to an index',
      { 'team/app:1': indexOf([first]) },
      { 'team/app:1': indexOf([first, arm]) },
      {
        changed: [
          {
            oldDigest: indexOf([first]).digest,
            newDigest: indexOf([first, arm]).digest,
            platforms: [{ platform: 'linux/arm64', newDigest: arm.digest }],
            addedLayers: [],
            newBytes: indexOf([first, arm]).bytes.length + documents(arm, [base, one]),
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
      'what a new signature is about',
      { 'team/app:1': first },
      { 'team/app:1': first, 'team/app:note': artifactOf({ subject: first }) },
      { added: [{ subject: first.digest, platforms: [] }] },
    ],
  ];

  it.each(cases)('%s', async (_what, before, after, expected) => {
    const [from, to] = [await bundleOf(before), await bundleOf(after)];
    expect(await diff({ old: from, new: to })).toMatchObject(expected);
  });

  it('the same sums as inspect', async () => {
    const { path, images, blobs, blobBytes } = await inspect({ bundle: old });
    const side = { path, images: images.length, blobs, bytes: blobBytes };
    expect(await diff({ old, new: old })).toMatchObject({ old: side, new: side, differs: false });
  });

  it('a name that stands there twice by its digests', async () => {
    const twice = (order: (list: object[]) => object[]) =>
      indexed(old, text => {
        const index = JSON.parse(text);
        const [{ annotations }] = index.manifests;
        const manifests = index.manifests.map((descriptor: object) => ({ ...descriptor, annotations }));
        return JSON.stringify({ ...index, manifests: order(manifests) });
      });
    const both = twice(list => list);
    expect(await diff({ old: both, new: twice(list => list.reverse()) })).toMatchObject({
      differs: false,
      unchanged: 2,
    });
    expect(await diff({ old: both, new: twice(list => list.slice(1)) })).toMatchObject({
      unchanged: 1,
      changed: [],
      removed: [{ name: nameOf('team/app:1'), digest: first.digest }],
    });
  });

  it('an image without a name by its digest', async () => {
    const nameless = indexed(old, text => text.replaceAll(/"annotations":\{[^}]*\}/g, '"annotations":{}'));
    const { added } = await diff({ old, new: nameless });
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

  it('needs no hashed layers: one whose bytes changed is the same', async () => {
    const folder = await layoutOf(old);
    writeFileSync(`${folder}/blobs/sha256/${base.diffId.slice(7)}`, Buffer.alloc(base.bytes.length));
    expect((await diff({ old: folder, new: old })).differs).toBe(false);
  });
});

describe('what cannot be compared', () => {
  const blob = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
  const damages: [string, (folder: string) => void, number, string][] = [
    ['has no index.json', folder => rmSync(`${folder}/index.json`), 2, 'there is no index.json'],
    ['has a folder for an index', folder => refolder(`${folder}/index.json`), 2, 'there is no index.json'],
    ['has an index that is not JSON', folder => write(folder, 'index.json', '{'), 2, 'not JSON'],
    [
      'has an index of nothing',
      folder => write(folder, 'index.json', '{}'),
      2,
      'breaks the image specification',
    ],
    ['has no blobs', folder => rmSync(`${folder}/blobs`, { recursive: true }), 2, 'there is no such file'],
    ['lacks a manifest', folder => rmSync(`${folder}/${blob(first)}`), 2, 'a blob is missing'],
    ['lacks a layer', folder => rmSync(`${folder}/${blob(layer(base))}`), 2, 'a blob is missing'],
    ['has half a layer', folder => truncateSync(`${folder}/${blob(layer(base))}`, 10), 2, '10 bytes'],
    [
      'has another manifest',
      folder => write(folder, blob(first), ' '.repeat(first.bytes.length)),
      4,
      'does not match',
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
    ['is not there', () => {}, 'there is no such file'],
    ['is empty', path => writeFileSync(path, ''), 'no tar'],
    ['is text', path => writeFileSync(path, 'hello\n'.repeat(1000)), 'no tar'],
    ['is compressed', path => writeFileSync(path, Buffer.from('1f8b'.padEnd(2000, '0'), 'hex')), 'gzip'],
    ['is cut short', path => writeFileSync(path, readFileSync(old).subarray(0, 9000)), 'cut short'],
    [
      'leads to a config in the place of a manifest',
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

  it('because the caller has gone', async () => {
    const signal = AbortSignal.abort();
    await expect(diff({ old, new: old, signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  function write(folder: string, name: string, text: string): void {
    writeFileSync(`${folder}/${name}`, text);
  }

  function toConfig(text: string): string {
    const [[digest, { length: size }] = ['', '']] = first.blobs;
    const index = JSON.parse(text);
    return JSON.stringify({ ...index, manifests: [{ ...index.manifests[0], digest, size }] });
  }

  function refolder(path: string): void {
    rmSync(path);
    mkdirSync(path);
  }
});

describe('airgap diff', () => {
  it('says what changed, and exits with 1', async () => {
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
      '0 B of it new; OLD has it as registry.test/team/gone:1\n',
      `changed registry.test/team/app:1\n  ${first.digest} -> ${second.digest}\n  - ${one.diffId}    2.0 kB  in NEW, too\n  + ${two.diffId}    3.0 kB\n`,
      `    linux/arm64 added: ${arm.digest}\n`,
      `${from} -> ${to}: 1 added, 1 removed, 2 changed, 0 unchanged\n`,
      ' in NEW only; ',
    ];
    for (const part of parts) expect(text).toContain(part);
  });

  it('says that nothing did, and exits with 0', async () => {
    const { status, stdout } = await airgap(['diff', old, old]);
    expect(status).toBe(0);
    expect(stdout.toString()).toMatch(
      /^.* -> .*: 0 added, 0 removed, 0 changed, 2 unchanged\n0 blobs, 0 B in NEW only; 0 blobs, 0 B in OLD only; 7 blobs, 15\.9 kB in both\n$/,
    );
  });

  it('prints what the library says as one JSON object', async () => {
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

  it.each([[[]], [['--json']]])('lets no name steer the terminal %j', async flags => {
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

  it('colours what it says only where colours are wanted', async () => {
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
