import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noiseOf, sha256, type TestFile, tarOf } from '../../../../test/support/images/image.ts';
import { parseManifest } from '../oci/manifest.ts';
import { Reference } from '../reference/reference.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import { FileAccess } from '../store/file-access.ts';
import { DockerArchiveFiles } from './docker-archive-files.ts';
import { Layout } from './layout.ts';

const folder = mkdtempSync(join(tmpdir(), 'airgap-docker-archive-'));
const path = join(folder, 'save.tar');
const name = Reference.parse('app:1');
let base: Buffer;
let top: Buffer;
let config: string;

beforeAll(async () => {
  base = await tarOf([{ name: 'base', content: noiseOf(1, 5000).bytes }]);
  top = await tarOf([{ name: 'top', content: 'top' }]);
  const rootfs = { type: 'layers', diff_ids: [sha256(base), sha256(top)] };
  config = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs });
});
afterAll(() => rmSync(folder, { recursive: true }));

const image = { Config: 'config.json', RepoTags: ['app:1'], Layers: ['a/layer.tar', 'b/layer.tar'] };

/** The files of an archive; `more` replaces some. */
function files(more: Record<string, Partial<TestFile> | undefined> = {}): TestFile[] {
  const all: Record<string, Partial<TestFile> | undefined> = {
    'a/': {},
    'a/layer.tar': { content: base },
    'b/layer.tar': { content: top },
    'config.json': { content: config },
    'manifest.json': { content: JSON.stringify([image]) },
    repositories: { content: '{}' },
    ...more,
  };
  return Object.entries(all).flatMap(([entry, file]) => (file ? [{ name: entry, ...file }] : []));
}

async function open(entries: readonly TestFile[]): Promise<Layout> {
  writeFileSync(path, await tarOf(entries));
  return new Layout(await DockerArchiveFiles.open(await FileAccess.open(path, 'the docker archive')));
}

/** The media types of the layers, all of which must match their digests. */
async function layersOf(layout: Layout): Promise<string[]> {
  const root = await layout.resolve(name);
  if (!root) throw new Error('not found');
  const manifest = parseManifest(await layout.manifest(root));
  if (manifest.kind !== 'image') throw new Error('not an image');
  for (const layer of [manifest.config, ...manifest.layers])
    await copyBlob([layout], layer, new MemoryWriter(layer.size), { images: ['app:1'] });
  return manifest.layers.map(({ mediaType }) => mediaType.replace('application/vnd.oci.image.layer.v1.', ''));
}

describe('a docker archive', () => {
  it.each<[string, () => Record<string, Partial<TestFile> | undefined>, string[]]>([
    ['has uncompressed layers', () => ({}), ['tar', 'tar']],
    [
      'has names with ./',
      () => ({ 'config.json': undefined, './config.json': { content: config } }),
      ['tar', 'tar'],
    ],
    [
      'has compressed layers, as crane and kaniko write them',
      () => ({ 'a/layer.tar': { content: gzipSync(base) } }),
      ['tar+gzip', 'tar'],
    ],
    [
      'links a layer to another directory, as old docker does',
      () => ({ 'a/layer.tar': { linkname: '../c/layer.tar' }, 'c/layer.tar': { content: base } }),
      ['tar', 'tar'],
    ],
  ])('%s', async (_what, more, types) => {
    await using layout = await open(files(more()));
    expect(await layersOf(layout)).toEqual(types);
  });

  it('gets the same manifest wherever its files are in the tar', async () => {
    await using layout = await open(files());
    const { digest } = (await layout.resolve(name)) ?? {};
    await using other = await open(files().reverse());
    expect((await other.resolve(name))?.digest).toBe(digest);
    // What docker 25 and later write for this image.
    const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"${sha256(Buffer.from(config))}","size":${config.length}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"${sha256(base)}","size":${base.length}},{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"${sha256(top)}","size":${top.length}}]}`;
    expect(digest).toBe(sha256(Buffer.from(manifest)));
  });

  it('may have an image without a name', async () => {
    const unnamed = JSON.stringify([{ ...image, RepoTags: null }]);
    await using layout = await open(files({ 'manifest.json': { content: unnamed } }));
    expect((await layout.names()).map(({ name }) => name)).toEqual([undefined]);
  });

  const withImage = (change: object) => ({
    'manifest.json': { content: JSON.stringify([{ ...image, ...change }]) },
  });
  it.each<[string, Record<string, Partial<TestFile> | undefined>, string]>([
    ['has no manifest.json', { 'manifest.json': undefined }, 'manifest.json is missing'],
    ['has no JSON', { 'manifest.json': { content: '[' } }, 'manifest.json: the document'],
    ['has a wrong type', withImage({ Layers: [1] }), 'manifest.json: 0.Layers.0'],
    ...[',"Layers":[]', ',"layers":[]', ',"CONFIG":"x"', ',"repoTags":["other:1"]'].map(
      (more): [string, Record<string, Partial<TestFile>>, string] => [
        `says ${more} as well, which programs read differently`,
        { 'manifest.json': { content: JSON.stringify([image]).replace(/\}\]$/, `${more}}]`) } },
        'programs read manifest.json differently',
      ],
    ),
    [
      'has more values than fit into memory',
      { 'manifest.json': { content: `[${'[],'.repeat(2_000_000)}0]` } },
      'manifest.json: the document',
    ],
    ['lacks a config', withImage({ Config: 'none' }), 'none is missing'],
    ['lacks a layer', { 'a/layer.tar': undefined }, 'a/layer.tar is missing'],
    ['has fewer layers than its config', withImage({ Layers: ['a/layer.tar'] }), 'has 2 layers'],
    ['leads out of the archive', withImage({ Config: '../../etc/passwd' }), 'is missing'],
    ['links a layer to itself', { 'a/layer.tar': { linkname: 'layer.tar' } }, 'a/layer.tar is missing'],
    ['has a directory as a layer', withImage({ Layers: ['a/', 'b/layer.tar'] }), 'a/ is missing'],
  ])('is invalid when it %s', async (_what, more, message) =>
    expect(open(files(more))).rejects.toMatchObject({
      code: 'BUNDLE',
      message: expect.stringContaining(message),
    }),
  );

  it('with a changed layer is noticed when the layer is copied', async () => {
    await using layout = await open(files({ 'b/layer.tar': { content: base } }));
    await expect(layersOf(layout)).rejects.toMatchObject({ code: 'CONTENT' });
  });
});
