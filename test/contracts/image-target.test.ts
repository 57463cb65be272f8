import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyImage } from '../../packages/core/src/copy/copy-image.ts';
import { DirectoryTarget } from '../../packages/core/src/layout/directory-target.ts';
import { openLayout } from '../../packages/core/src/layout/open-layout.ts';
import { AirgapError } from '../../packages/core/src/model/errors.ts';
import type { Descriptor } from '../../packages/core/src/oci/descriptor.ts';
import { digestOf } from '../../packages/core/src/oci/digest.ts';
import { rawManifest } from '../../packages/core/src/oci/manifest.ts';
import { Reference } from '../../packages/core/src/reference/reference.ts';
import { Registries } from '../../packages/core/src/registry/registries.ts';
import { MemoryWriter } from '../../packages/core/src/store/blob-writer.ts';
import type { ImageSource } from '../../packages/core/src/store/image-source.ts';
import type { BlobBody, ImageTarget } from '../../packages/core/src/store/image-target.ts';
import { MemoryStore } from '../../packages/core/src/store/memory-store.ts';
import { build } from '../../packages/core/src/verbs/build.ts';
import { TestRegistry } from '../registry/registry.ts';
import { flatten, imageOf, indexOf, noiseOf, type TestImage } from '../support/images/image.ts';

const layer = noiseOf(1, 300_000);
const image = imageOf({ layers: [layer, noiseOf(2, 1000)], compression: 'none' });
const other = imageOf({
  layers: [noiseOf(3, 1000)],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = indexOf([image, other]);
const blob = descriptorOf(layer.bytes);
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const failure = new AirgapError('CONTENT', 'no more bytes');

const folder = mkdtempSync(join(tmpdir(), 'airgap-contract-'));
const opened: AsyncDisposable[] = [];
let count = 0;
let registry: TestRegistry;
let registries: Registries;

beforeAll(async () => {
  registry = await TestRegistry.start();
  registries = await Registries.open({});
  opened.push(registry, registries);
});
afterAll(async () => {
  for (const item of opened.reverse()) await item[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function descriptorOf(bytes: Buffer): Descriptor {
  return { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };
}

/** A body of chunks of 64 KiB. */
function bodyOf(bytes: Buffer): BlobBody {
  return async function* (start, end) {
    for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(at + 65_536, end));
  };
}

/** A target without content, and what reads it back. */
interface Opened {
  readonly name: Reference;
  readonly target: ImageTarget;
  /** Opens the stored content. */
  readonly stored: () => Promise<ImageSource>;
}

async function memory(): Promise<Opened> {
  const store = new MemoryStore();
  return { name: Reference.parse('registry.test/team/app:1'), target: store, stored: async () => store };
}

async function directory(): Promise<Opened> {
  count += 1;
  const path = join(folder, `layout-${count}`);
  const name = Reference.parse('registry.test/team/app:1');
  const stored = async () => {
    const layout = await openLayout(path);
    opened.push(layout);
    return layout;
  };
  return { name, target: await DirectoryTarget.open(path, name), stored };
}

async function repository(): Promise<Opened> {
  count += 1;
  const name = Reference.parse(`${registry.host}/team/app-${count}:1`);
  return { name, target: registries.target(name), stored: async () => registries.source(name) };
}

const TARGETS: readonly (readonly [string, () => Promise<Opened>])[] = [
  ['memory', memory],
  ['an OCI layout directory', directory],
  ['a repository of a registry', repository],
];

/** Puts everything that a manifest refers to, then the manifest. */
async function putAll(target: ImageTarget, content: TestImage, tag?: string): Promise<void> {
  for (const bytes of content.blobs.values()) await target.put(descriptorOf(bytes), bodyOf(bytes));
  for (const child of content.children) await putAll(target, child);
  await target.putManifest(rawManifest(content.bytes, content.mediaType), tag);
}

/** Every blob of an image and its children. */
function blobsOf(content: TestImage): Buffer[] {
  return flatten(content).flatMap(({ blobs }) => [...blobs.values()]);
}

/** Expects that a source has an image with every byte. */
async function expectComplete(source: ImageSource, name: Reference, content: TestImage): Promise<void> {
  expect((await source.resolve(name))?.digest).toBe(content.digest);
  for (const { mediaType, bytes } of flatten(content)) {
    const manifest = await source.manifest({ ...descriptorOf(bytes), mediaType });
    expect([manifest.mediaType, Buffer.from(manifest.bytes).equals(bytes)]).toEqual([mediaType, true]);
  }
  for (const bytes of blobsOf(content)) {
    const writer = new MemoryWriter(bytes.length);
    await source.read(descriptorOf(bytes), writer, [{ start: 0, end: bytes.length }]);
    expect(writer.bytes.equals(bytes)).toBe(true);
  }
}

describe.each(TARGETS)('%s as a target', (_name, open) => {
  it('has nothing at first', async () => {
    const { target } = await open();
    expect(await target.has(blob)).toBe(false);
    expect(await target.digestOf('1')).toBeUndefined();
    expect(await target.digestOf(image.digest)).toBeUndefined();
  });

  it('has a blob once it is put', async () => {
    const { target } = await open();
    expect(await target.put(blob, bodyOf(layer.bytes))).toBe('uploaded');
    expect(await target.has(blob)).toBe(true);
  });

  it('stores an empty blob', async () => {
    const { target } = await open();
    const empty = Buffer.alloc(0);
    await target.put(descriptorOf(empty), bodyOf(empty));
    expect(await target.has(descriptorOf(empty))).toBe(true);
  });

  it('returns every manifest and blob as it was put', async () => {
    const { name, target, stored } = await open();
    await putAll(target, index, '1');
    await expectComplete(await stored(), name, index);
  });

  it('keeps the content that is put twice', async () => {
    const { name, target, stored } = await open();
    await putAll(target, index, '1');
    await putAll(target, index, '1');
    await expectComplete(await stored(), name, index);
  });

  it('stores one blob that is put twice at once', async () => {
    const { target } = await open();
    await Promise.all([1, 2].map(() => target.put(blob, bodyOf(layer.bytes))));
    expect(await target.has(blob)).toBe(true);
  });

  it('finds a manifest by its tag and by its digest', async () => {
    const { target } = await open();
    await putAll(target, image, '1');
    expect(await target.digestOf('1')).toBe(image.digest);
    expect(await target.digestOf(image.digest)).toBe(image.digest);
    expect(await target.digestOf('2')).toBeUndefined();
  });

  it('finds a manifest without a tag only by its digest', async () => {
    const { target } = await open();
    await putAll(target, image);
    expect(await target.digestOf('1')).toBeUndefined();
    expect(await target.digestOf(image.digest)).toBe(image.digest);
  });

  it('rejects a manifest with other bytes than its digest, and does not store it', async () => {
    const { target } = await open();
    await putAll(target, image);
    const wrong = { ...rawManifest(other.bytes, other.mediaType), bytes: Buffer.from(image.bytes) };
    await expect(target.putManifest(wrong)).rejects.toThrow();
    expect(await target.digestOf(other.digest)).toBeUndefined();
  });

  it('keeps the media type of a manifest that has none in its document', async () => {
    const { name, target, stored } = await open();
    await putAll(target, image);
    const { mediaType: _, ...document } = JSON.parse(image.bytes.toString());
    const raw = rawManifest(Buffer.from(JSON.stringify(document)), DOCKER_MANIFEST);
    await target.putManifest(raw, '1');
    const source = await stored();
    const descriptor = await source.resolve(name);
    expect((await source.manifest(descriptor as Descriptor)).mediaType).toBe(DOCKER_MANIFEST);
  });

  it('does not have a tag that is a prefix of another', async () => {
    const { target } = await open();
    await putAll(target, image, '1.2');
    expect([await target.digestOf('1'), await target.digestOf('1.2')]).toEqual([undefined, image.digest]);
  });

  it('moves a tag, and keeps the manifest that had it', async () => {
    const { target } = await open();
    await putAll(target, image, '1');
    await putAll(target, other, '1');
    expect(await target.digestOf('1')).toBe(other.digest);
    expect(await target.digestOf(image.digest)).toBe(image.digest);
  });

  it('keeps several tags that are put at once', async () => {
    const { target } = await open();
    await putAll(target, image);
    const tags = ['1', '2', '3', '4'];
    const manifest = rawManifest(image.bytes, image.mediaType);
    await Promise.all(tags.map(tag => target.putManifest(manifest, tag)));
    expect(await Promise.all(tags.map(tag => target.digestOf(tag)))).toEqual(tags.map(() => image.digest));
  });

  it.each<[string, BlobBody]>([
    [
      'throws at the start',
      // biome-ignore lint/correctness/useYield: it fails before the first chunk
      async function* () {
        throw failure;
      },
    ],
    [
      'throws in the middle',
      async function* () {
        yield layer.bytes.subarray(0, 100_000);
        throw failure;
      },
    ],
  ])('stores nothing of a body that %s, and the blob when it is put again', async (_case, body) => {
    const { target } = await open();
    await expect(target.put(blob, body)).rejects.toMatchObject({ code: 'CONTENT', message: failure.message });
    expect(await target.has(blob)).toBe(false);
    await target.put(blob, bodyOf(layer.bytes));
    expect(await target.has(blob)).toBe(true);
  });

  it.concurrent.each<[string, (bytes: Buffer) => Buffer]>([
    ['other bytes', bytes => Buffer.from(bytes).fill(0, 1000, 1001)],
    ['fewer bytes', bytes => bytes.subarray(0, -1)],
    ['more bytes', bytes => Buffer.concat([bytes, Buffer.from('x')])],
  ])('rejects a body of %s, and stores nothing of it', async (_case, change) => {
    const { target } = await open();
    const wrong = change(layer.bytes);
    const body: BlobBody = async function* (start) {
      yield wrong.subarray(start);
    };
    await expect(target.put(blob, body)).rejects.toThrow();
    expect(await target.has(blob)).toBe(false);
  });
});

it('a directory has no files of failed bodies', async () => {
  const path = join(folder, 'failed');
  const target = await DirectoryTarget.open(path, Reference.parse('registry.test/team/app:1'));
  await expect(target.put(blob, bodyOf(Buffer.alloc(layer.bytes.length)))).rejects.toMatchObject({
    code: 'CONTENT',
  });
  expect(readdirSync(join(path, 'blobs', 'sha256'))).toEqual([]);
});

it('registry → bundle → directory → registry keeps every digest', async () => {
  const from = await repository();
  await putAll(from.target, index, '1');
  const path = join(folder, 'bundle.tar');
  await build({
    specs: [{ file: 'list.txt', text: from.name.toString() }],
    output: path,
    platforms: 'all',
  });
  await using other = await TestRegistry.start();
  const name = Reference.parse(`${other.host}/team/copy:1`);
  const layout = join(folder, 'layout');
  for (const [source, target] of [
    [path, await DirectoryTarget.open(layout, from.name)],
    [layout, registries.target(name)],
  ] as const) {
    await using copied = await openLayout(source);
    await expectComplete(copied, from.name, index);
    await copyImage(copied, from.name, target);
  }
  await expectComplete(registries.source(name), name, index);
});
