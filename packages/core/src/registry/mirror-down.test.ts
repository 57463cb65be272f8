import { describe, expect, it } from 'vitest';
import { FaultTable, status } from '../../../../test/registry/fault-table.ts';
import { type Fault, TestRegistry } from '../../../../test/registry/registry.ts';
import { imageOf, noiseOf } from '../../../../test/support/images/image.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import { Registries } from './registries.ts';

const layers = Array.from({ length: 30 }, (_, seed) => noiseOf(seed + 1, 2000).bytes);
const image = imageOf({
  layers: layers.map(bytes => ({ bytes, diffId: digestOf(bytes) })),
  compression: 'none',
});
const blobs = layers.map(
  (bytes): Descriptor => ({ mediaType: 'x', digest: digestOf(bytes), size: bytes.length }),
);
const [blob] = blobs as [Descriptor];
const name = Reference.parse('registry.test/team/app:1');

/** A registry with the image behind a mirror that has a fault. */
class Mirrored implements AsyncDisposable {
  readonly mirror: TestRegistry;
  readonly registry: TestRegistry;
  readonly registries: Registries;

  private constructor(mirror: TestRegistry, registry: TestRegistry, registries: Registries) {
    this.mirror = mirror;
    this.registry = registry;
    this.registries = registries;
  }

  static async open(fault: Fault, concurrency = 24): Promise<Mirrored> {
    const [mirror, registry] = await Promise.all([TestRegistry.start(), TestRegistry.start()]);
    for (const each of [mirror, registry]) each.push('team/app:1', image);
    mirror.fault = fault;
    const urls = [mirror, registry].map(({ host }) => `http://${host}`);
    const registries = await Registries.open({ concurrency, mirrors: { 'registry.test': urls } });
    return new Mirrored(mirror, registry, registries);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const item of [this.registries, this.mirror, this.registry]) await item[Symbol.asyncDispose]();
  }

  async pull(blob: Descriptor): Promise<Buffer> {
    const writer = new MemoryWriter(blob.size);
    await copyBlob(this.registries.source(name).sources, blob, writer, { images: [name.toString()] });
    return writer.bytes;
  }

  /** Pulls the manifest, then all blobs at once. @returns the time that it took, in ms */
  async pullAll(): Promise<number> {
    const started = performance.now();
    const source = this.registries.source(name);
    const root = await source.resolve(name);
    expect((await source.manifest(root as Descriptor)).digest).toBe(image.digest);
    expect(await Promise.all(blobs.map(each => this.pull(each)))).toEqual(layers);
    return performance.now() - started;
  }
}

const isBlob = /\/blobs\//;

describe.concurrent('a mirror that answers everything with', () => {
  it.each([
    ['500', 500, {}],
    ['503', 503, {}],
    ['429', 429, {}],
    ['503 for an hour', 503, { 'retry-after': '3600' }],
    ['429 for a minute', 429, { 'retry-after': '60' }],
  ])('%s is tried for one request, for a few seconds', async (_name, code, headers) => {
    await using mirrored = await Mirrored.open(status(code, headers));
    expect(await mirrored.pullAll()).toBeLessThan(20_000);
    const requests = mirrored.mirror.seen.length;
    expect(requests).toBeLessThanOrEqual(4);
    await mirrored.pullAll();
    expect(mirrored.mirror.seen.length).toBe(requests);
  });
});

describe.concurrent('a mirror', () => {
  it('that serves manifests and no blobs is not tried for each of 30 blobs', async () => {
    await using mirrored = await Mirrored.open(new FaultTable({ at: isBlob, fault: status(500) }).fault, 4);
    await mirrored.pullAll();
    const requests = mirrored.mirror.seen.filter(({ path }) => isBlob.test(path));
    expect(requests.length).toBeLessThanOrEqual(20);
  });

  it('that fails for one blob still serves the others', async () => {
    const bad: Fault = (request, response, content) =>
      request.path.endsWith(blob.digest) && status(500)(request, response, content);
    await using mirrored = await Mirrored.open(bad);
    let isPulled = false;
    const pulling = mirrored.pull(blob).finally(() => {
      isPulled = true;
    });
    for (let at = 1; !isPulled; at = (at % 29) + 1) {
      await mirrored.pull(blobs[at] as Descriptor);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    await pulling;
    const behind = mirrored.registry.seen.map(({ path }) => path);
    expect(behind).toEqual([expect.stringContaining(blob.digest)]);
  });
});

it.concurrent('the registry itself keeps all attempts', async () => {
  await using registry = await TestRegistry.start();
  registry.push('team/app:1', image);
  const table = new FaultTable({ at: isBlob, times: 4, fault: status(500) });
  registry.fault = table.fault;
  await using registries = await Registries.open({});
  const source = registries.source(Reference.parse(`${registry.host}/team/app:1`));
  const writer = new MemoryWriter(blob.size);
  await source.read(blob, writer, [{ start: 0, end: blob.size }]);
  expect([table.injected, writer.bytes]).toEqual([4, layers[0]]);
});
