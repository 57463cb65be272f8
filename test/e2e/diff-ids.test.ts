import * as zlib from 'node:zlib';
import { gzipSync } from 'node:zlib';
import { build, verify } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import {
  type ImageOptions,
  imageOf,
  noiseLayer,
  noiseOf,
  sha256,
  type TestLayer,
} from '../support/images/image.ts';

const OTHER = sha256(Buffer.from('other'));
const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

let layers: readonly TestLayer[];
beforeAll(async () => {
  layers = await Promise.all(['one', 'two'].map(name => noiseLayer(name, 300_000)));
});
const bundleOf = async (options: Partial<ImageOptions>) => {
  await buildBundle({ 'team/app:1': imageOf({ layers, ...options }) }, work.file('bundle.tar'));
};
const problems = async (diffIds: boolean) =>
  (await verify({ bundle: work.file('bundle.tar'), diffIds })).problems.map(({ message }) => message);

describe('verify --diff-ids', () => {
  const [first, second] = [0, 1].map(at => () => layers[at] as TestLayer) as [
    () => TestLayer,
    () => TestLayer,
  ];
  it('accepts layers with gzip, in several members, and without compression', async () => {
    const [one, two] = [first(), second()];
    const raw = zlib.gunzipSync(one.bytes);
    const members = Buffer.concat([gzipSync(raw.subarray(0, 1000)), gzipSync(raw.subarray(1000))]);
    await bundleOf({ layers: [{ ...one, bytes: members }, two, { bytes: raw, diffId: sha256(raw) }] });
    expect(await problems(true)).toEqual([]);
  });

  it.each<[string, () => Partial<ImageOptions>, () => string]>([
    [
      'another diff ID',
      () => ({ diffIds: [first().diffId, OTHER] }),
      () => `the layer ${sha256(second().bytes)} has the diff ID ${second().diffId}, the config has ${OTHER}`,
    ],
    [
      'layers in another order',
      () => ({ layers: [second(), first()], diffIds: layers.map(({ diffId }) => diffId) }),
      () => `has the diff ID ${second().diffId}, the config has ${first().diffId}`,
    ],
    [
      'a truncated layer',
      () => ({ layers: [first(), { ...second(), bytes: second().bytes.subarray(0, 1000) }] }),
      () => 'cannot be decompressed: unexpected end of file',
    ],
    [
      'a damaged layer',
      () => ({
        layers: [
          {
            ...first(),
            bytes: Buffer.concat([
              first().bytes.subarray(0, 100),
              Buffer.alloc(100, 0xff),
              first().bytes.subarray(200),
            ]),
          },
        ],
      }),
      () => 'cannot be decompressed',
    ],
    [
      'a layer that is not compressed',
      () => ({ layers: [{ bytes: noiseOf(1, 5000).bytes, diffId: OTHER }] }),
      () => `the config has ${OTHER}`,
    ],
  ])('finds %s', async (_name, options, message) => {
    await bundleOf(options());
    expect(await problems(false)).toEqual([]);
    const found = await problems(true);
    expect(found[0]).toMatch(/^registry\.test\/team\/app:1: /);
    expect(found[0]).toContain(message());
  });

  it('does not hold what a layer expands to', async () => {
    const zeros = Buffer.alloc(300_000_000);
    await bundleOf({ layers: [{ bytes: gzipSync(zeros, { level: 1 }), diffId: sha256(zeros) }] });
    const before = process.memoryUsage.rss();
    expect(await problems(true)).toEqual([]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(120_000_000);
  });

  it('decompresses zstd, or says which layers it cannot decompress', async () => {
    const raw = noiseOf(1, 300_000).bytes;
    // Node 20 has no zstd.
    const { zstdCompressSync: compress } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
    const bytes = compress?.(raw) ?? Buffer.concat([Buffer.from('28b52ffd', 'hex'), raw]);
    await bundleOf({ layers: [{ bytes, diffId: sha256(raw) }] });
    const { status, stderr } = await airgap(['verify', 'bundle.tar', '--diff-ids'], { cwd: work.path });
    expect(status).toBe(0);
    const notice = 'layers that are not compared with their diff IDs: 1; zstd needs Node 22.15';
    expect(stderr.includes(notice)).toBe(compress === undefined);
    await bundleOf({ layers: [{ bytes, diffId: OTHER }] });
    expect(await problems(true)).toHaveLength(compress === undefined ? 0 : 1);
  });

  it('is a flag, with exit status 1 and a hint', async () => {
    await bundleOf({ diffIds: [first().diffId, OTHER] });
    const { status, stdout } = await airgap(['verify', 'bundle.tar', '--diff-ids'], { cwd: work.path });
    expect(status).toBe(1);
    expect(String(stdout)).toContain(
      'runtimes refuse the image, or run other layers\n  next: Build and push the image again',
    );
    expect(String(stdout)).not.toContain('Customer: copy it again');
  });

  it('does not read a stream', async () => {
    const { status, stderr } = await airgap(['verify', '-', '--diff-ids']);
    expect(status).toBe(2);
    expect(stderr).toContain('diffIds needs a stored bundle');
  });
});

describe('a build refuses', () => {
  it.each<[string, () => Partial<ImageOptions>, string]>([
    ['too few diff IDs', () => ({ diffIds: [OTHER] }), 'the config has 1 diff_ids for 2 layers'],
    [
      'too many diff IDs',
      () => ({ layers: layers.slice(0, 1), diffIds: [OTHER, OTHER] }),
      'the config has 2 diff_ids for 1 layers',
    ],
    [
      'another diff ID of a layer without compression',
      () => ({ layers: [noiseOf(1, 5000)], diffIds: [OTHER], compression: 'none' }),
      `the config has ${OTHER}`,
    ],
    [
      'the same in the types of docker',
      () => ({ layers: [noiseOf(1, 5000)], diffIds: [OTHER], compression: 'none', types: 'docker' }),
      `the config has ${OTHER}`,
    ],
  ])('%s, before a layer is fetched', async (_name, options, message) => {
    await using registry = await TestRegistry.start();
    registry.push('team/app:1', imageOf({ layers, ...options() }));
    const text = `${registry.host}/team/app:1\n`;
    await expect(
      build({ specs: [{ file: 'list', text }], output: work.file('new.tar') }),
    ).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('Build and push the image again'),
    });
    const fetched = registry.seen.filter(({ path }) => path.includes('/blobs/'));
    expect(fetched).toHaveLength(1);
    expect(work.files()).not.toContain('new.tar');
  });
});
