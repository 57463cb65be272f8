import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyImage } from '../../packages/core/src/copy/copy-image.ts';
import { DirectoryTarget } from '../../packages/core/src/layout/directory-target.ts';
import { openLayout } from '../../packages/core/src/layout/open-layout.ts';
import { LocalSources } from '../../packages/core/src/local/local-sources.ts';
import type { Descriptor } from '../../packages/core/src/oci/descriptor.ts';
import { digestOf } from '../../packages/core/src/oci/digest.ts';
import { parseManifest, rawManifest } from '../../packages/core/src/oci/manifest.ts';
import { Reference } from '../../packages/core/src/reference/reference.ts';
import { Registries } from '../../packages/core/src/registry/registries.ts';
import { MemoryWriter } from '../../packages/core/src/store/blob-writer.ts';
import { copyBlob } from '../../packages/core/src/store/copy-blob.ts';
import type { ImageSource } from '../../packages/core/src/store/image-source.ts';
import { MemoryStore } from '../../packages/core/src/store/memory-store.ts';
import { UnionSource } from '../../packages/core/src/store/union-source.ts';
import { build } from '../../packages/core/src/verbs/build.ts';
import { type Serving, serve } from '../../packages/core/src/verbs/serve.ts';
import { TestRegistry } from '../registry/registry.ts';
import { artifactOf, imageOf, indexOf, noiseOf, type TestImage } from '../support/images/image.ts';

const layer = noiseOf(1, 700_000);
const arm = { ...imageOf({ layers: [noiseOf(2, 1000)], platform: { os: 'linux', architecture: 'arm64' } }) };
const amd = imageOf({ layers: [layer], compression: 'none' });
const index = indexOf([amd, arm]);
const sbom = artifactOf({ subject: amd });
const name = Reference.parse('registry.test/team/app:1');
const absent = { mediaType: 'application/octet-stream', digest: digestOf(Buffer.from('absent')), size: 6 };

const folder = mkdtempSync(join(tmpdir(), 'airgap-contract-'));
const at = (file: string) => join(folder, file);
const opened: AsyncDisposable[] = [];
let serving: Serving;

/** A store with the image, as another program would have written it. */
async function memory(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const add = async (image: TestImage, tag?: string): Promise<void> => {
    for (const bytes of image.blobs.values()) store.addBlob(bytes, 'application/octet-stream');
    for (const child of image.children ?? []) await add(child);
    await store.putManifest(rawManifest(image.bytes, image.mediaType), tag);
  };
  await add(index, '1');
  await add(sbom, 'sbom');
  return store;
}

async function layout(path: string): Promise<ImageSource> {
  const found = await openLayout(path);
  opened.push(found);
  return found;
}

async function registry(): Promise<ImageSource> {
  const registries = await Registries.open({ mirrors: { 'registry.test': `${serving.url}/registry.test` } });
  opened.push(registries);
  // Only the mirror: there is no such registry.
  return new UnionSource(registries.source(name).sources.slice(0, 1));
}

async function localImage(): Promise<ImageSource> {
  const local = await LocalSources.open({ from: [`oci:${at('layout')}`], names: [name], platforms: 'all' });
  opened.push(local);
  return local.imageOf(name) as ImageSource;
}

beforeAll(async () => {
  for (const tag of ['1', 'sbom'])
    await copyImage(await memory(), name.withTag(tag), await DirectoryTarget.open(at('layout'), name));
  serving = await serve({ bundles: [at('layout')], listen: { host: '127.0.0.1', port: 0 } });
  opened.push(serving);
  await build({
    specs: [{ file: 'list.txt', text: `${name}\n${name.withTag('sbom')}` }],
    output: at('bundle.tar'),
    platforms: 'all',
    mirrors: { 'registry.test': `${serving.url}/registry.test` },
  });
  execFileSync('tar', ['-C', at('layout'), '-cf', at('archive.tar'), '.']);
});

afterAll(async () => {
  for (const item of opened.reverse()) await item[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const SOURCES: readonly (readonly [string, () => Promise<ImageSource>])[] = [
  ['memory', memory],
  ['an OCI layout directory', () => layout(at('layout'))],
  ['a bundle', () => layout(at('bundle.tar'))],
  ['an archive of tar, with ./ names and directories', () => layout(at('archive.tar'))],
  ['an image of a local source', localImage],
  ['a repository of a registry', registry],
  [
    'a union whose first source lacks everything',
    async () => new UnionSource([new MemoryStore(), await memory()]),
  ],
];

describe.each(SOURCES)('%s as a source', (_name, open) => {
  const blob: Descriptor = { mediaType: 'x', digest: digestOf(layer.bytes), size: layer.bytes.length };

  it('resolves a name to the manifest that it points to', async () => {
    const source = await open();
    expect(await source.resolve(name)).toMatchObject({ digest: index.digest, size: index.bytes.length });
  });

  it('resolves a name that does not exist to undefined', async () => {
    expect(await (await open()).resolve(name.withTag('nope'))).toBeUndefined();
  });

  it('returns the bytes of manifests as they were pushed', async () => {
    const source = await open();
    const root = await source.resolve(name);
    const raw = await source.manifest(root as Descriptor);
    expect(Buffer.from(raw.bytes).equals(index.bytes)).toBe(true);
    const parsed = parseManifest(raw);
    const [child] = parsed.kind === 'index' ? parsed.manifests : [];
    expect((await source.manifest(child as Descriptor)).digest).toBe(amd.digest);
  });

  it('has the blobs of its images, and no others', async () => {
    const source = await open();
    expect([await source.has(blob), await source.has(absent)]).toEqual([true, false]);
  });

  it('does not have a blob with another size', async () => {
    const source = await open();
    for (const size of [blob.size - 1, blob.size + 1])
      expect(await source.has({ ...blob, size })).toBe(false);
  });

  it('resolves every name to its own manifest', async () => {
    const source = await open();
    expect((await source.resolve(name.withTag('sbom')))?.digest).toBe(sbom.digest);
  });

  it('does not have a manifest that is missing', async () => {
    const reading = open().then(source => source.manifest(absent));
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lists the manifests with a subject, if it can', async () => {
    const source = await open();
    const [subject, other] = [digestOf(amd.bytes), digestOf(arm.bytes)];
    const listed = (await source.referrers?.(subject)) ?? [{ digest: sbom.digest }];
    expect(listed.map(({ digest }) => digest)).toEqual([sbom.digest]);
    expect((await source.referrers?.(other)) ?? []).toEqual([]);
  });

  it('reads nothing when nothing is wanted', async () => {
    const writer = new MemoryWriter(blob.size);
    await (await open()).read(blob, writer, []);
    expect(writer.written.size).toBe(0);
  });

  it('reads a blob for several readers at once', async () => {
    const source = await open();
    const writers = [1, 2, 3].map(() => new MemoryWriter(blob.size));
    await Promise.all(writers.map(writer => source.read(blob, writer, [{ start: 0, end: blob.size }])));
    expect(writers.every(({ bytes }) => bytes.equals(layer.bytes))).toBe(true);
  });

  it('reads into a writer that needs the bytes in order', async () => {
    const starts: number[] = [];
    const chunks: Buffer[] = [];
    const writer = {
      sequential: true,
      write(chunk: Uint8Array, start: number) {
        starts.push(start);
        chunks.push(Buffer.from(chunk));
        return undefined;
      },
    };
    await (await open()).read(blob, writer, [{ start: 0, end: blob.size }]);
    expect(Buffer.concat(chunks).equals(layer.bytes)).toBe(true);
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
  });

  it('reads a complete blob', async () => {
    const writer = new MemoryWriter(blob.size);
    await copyBlob([await open()], blob, writer, { images: [name.toString()] });
    expect(writer.bytes.equals(layer.bytes)).toBe(true);
  });

  it('reads ranges of a blob, each byte once', async () => {
    const wanted = [
      { start: 5, end: 10 },
      { start: 300_000, end: 600_001 },
    ];
    const writer = new MemoryWriter(blob.size);
    await (await open()).read(blob, writer, wanted);
    expect([...writer.written]).toEqual(wanted);
    for (const { start, end } of wanted)
      expect(writer.bytes.subarray(start, end).equals(layer.bytes.subarray(start, end))).toBe(true);
  });

  it('does not have a blob that is missing', async () => {
    const reading = open().then(source => source.read(absent, new MemoryWriter(6), [{ start: 0, end: 6 }]));
    await expect(reading).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is copied to a directory with every digest', async () => {
    const path = at(`copy-${Math.random()}`);
    const root = await copyImage(await open(), name, await DirectoryTarget.open(path, name));
    expect(root.digest).toBe(index.digest);
    const copied = await layout(path);
    expect((await copied.resolve(name))?.digest).toBe(index.digest);
    expect(await copied.has(blob)).toBe(true);
  });
});

/** Flips a bit of the index wherever its bytes are. */
function flipIndex(file: string, copy: string): string {
  cpSync(at(file), at(copy), { recursive: true });
  const path =
    file === 'layout' ? join(at(copy), 'blobs/sha256', index.digest.slice('sha256:'.length)) : at(copy);
  const bytes = readFileSync(path);
  const middle = bytes.indexOf(index.bytes) + 20;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  return at(copy);
}

async function flippingRegistry(): Promise<ImageSource> {
  const host = await TestRegistry.start();
  host.push('team/app:1', index);
  host.fault = ({ path }, response, content) => {
    if (!path.includes('/manifests/') || content === undefined) return false;
    const wrong = Buffer.from(content);
    wrong[20] = (wrong[20] ?? 0) ^ 1;
    response.end(wrong);
    return true;
  };
  const registries = await Registries.open({ plainHttp: [host.host] });
  opened.push(host, registries);
  return registries.source(Reference.parse(`${host.host}/team/app:1`));
}

describe.each<[string, () => Promise<ImageSource>]>([
  ['an OCI layout directory', () => layout(flipIndex('layout', 'flipped'))],
  ['a bundle', () => layout(flipIndex('bundle.tar', 'flipped.tar'))],
  ['an archive', () => layout(flipIndex('archive.tar', 'flipped-archive.tar'))],
  ['a repository of a registry', flippingRegistry],
])('%s with a damaged manifest', (_name, open) => {
  it('does not return it', async () => {
    const descriptor = {
      mediaType: index.mediaType,
      digest: digestOf(index.bytes),
      size: index.bytes.length,
    };
    const reading = open().then(source => source.manifest(descriptor));
    await expect(reading).rejects.toMatchObject({ code: 'CONTENT' });
  });
});
