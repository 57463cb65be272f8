import { bundleEntries } from '../../packages/core/src/bundle/contents.ts';
import { writeBundle } from '../../packages/core/src/bundle/write-bundle.ts';
import type { TargetOf } from '../../packages/core/src/copy/target-of.ts';
import { Layout } from '../../packages/core/src/layout/layout.ts';
import { TarFiles } from '../../packages/core/src/layout/tar-files.ts';
import { rawManifest } from '../../packages/core/src/oci/manifest.ts';
import type { PlatformChoice } from '../../packages/core/src/oci/platform.ts';
import { Reference } from '../../packages/core/src/reference/reference.ts';
import { resolveImage } from '../../packages/core/src/resolve/resolve-image.ts';
import { HashingWriter, type Sink } from '../../packages/core/src/store/blob-writer.ts';
import type { SourceOf } from '../../packages/core/src/store/image-source.ts';
import { MemoryBytes } from '../../packages/core/src/store/memory-bytes.ts';
import { MemoryStore } from '../../packages/core/src/store/memory-store.ts';
import { planTar } from '../../packages/core/src/tar/plan.ts';
import type { TarTarget } from '../../packages/core/src/tar/target.ts';
import type { TestImage } from './images/image.ts';

/** The host of the images in memory. */
const HOST = 'registry.test';

/** Images by `repository:tag`. */
export type TestImages = Readonly<Record<string, TestImage>>;

/** The name of an image in memory. @param name `repository:tag`, or with a digest */
export function nameOf(name: string): Reference {
  return Reference.parse(`${HOST}/${name}`);
}

/** Repositories in memory, without HTTP. */
export class MemoryRegistry {
  readonly #stores = new Map<string, MemoryStore>();

  static async of(images: TestImages): Promise<MemoryRegistry> {
    const registry = new MemoryRegistry();
    for (const [name, image] of Object.entries(images)) await registry.push(name, image);
    return registry;
  }

  /** Stores an image with everything that it refers to. */
  async push(name: string, image: TestImage): Promise<void> {
    const { repository, tag } = nameOf(name);
    await put(this.store(repository), image, tag);
  }

  store(repository: string): MemoryStore {
    const store = this.#stores.get(repository) ?? new MemoryStore();
    this.#stores.set(repository, store);
    return store;
  }

  readonly sourceOf: SourceOf = ({ repository }) => this.store(repository);
  readonly targetOf: TargetOf = repository => this.store(repository);
}

async function put(store: MemoryStore, image: TestImage, tag?: string): Promise<void> {
  for (const bytes of image.blobs.values()) store.addBlob(bytes, 'application/octet-stream');
  for (const child of image.children) await put(store, child);
  await store.putManifest(rawManifest(image.bytes, image.mediaType), tag);
}

/** The bundle of some images, as a build writes it. */
export async function bundleOf(images: TestImages, choice: PlatformChoice = 'all'): Promise<Buffer> {
  const { sourceOf } = await MemoryRegistry.of(images);
  const names = Object.keys(images).map(nameOf);
  const resolved = await Promise.all(names.map(name => resolveImage(sourceOf(name), name, choice)));
  const target = new MemoryTar();
  await writeBundle(target, planTar(bundleEntries(resolved)), {
    sourcesOf: ({ from }) => [sourceOf(from)],
  });
  return target.bytes;
}

/** Opens a tar in memory as a layout. */
export async function openBytes(tar: Buffer): Promise<Layout> {
  return new Layout(await TarFiles.open(new MemoryBytes(tar, 'bundle.tar')));
}

/** A tar in memory. */
export class MemoryTar implements TarTarget, Sink {
  readonly order = 'sequential';
  readonly #chunks: Buffer[] = [];

  write(bytes: Uint8Array): undefined {
    this.#chunks.push(Buffer.from(bytes));
  }

  writer() {
    return new HashingWriter(this);
  }

  async commit(): Promise<void> {}

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
