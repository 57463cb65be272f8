import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageOf, type RemoteLayer } from '../../test/support/images/image.ts';
import { Distribution } from '../../test/support/programs/distribution.ts';
import type { LoggedRequest } from '../../test/support/programs/request-log.ts';
import type { LoggingServer } from '../traffic.ts';
import type { Stage } from '../workload.ts';

/** An image in the registry. */
export interface Image {
  /** The name without a host: `bench/image:1`. */
  readonly name: string;
  /** The digest of its manifest. */
  readonly digest: string;
  /** Its config and its layers. */
  readonly blobs: readonly Blob[];
}

/** The media type of every manifest. */
export const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export interface Blob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** Pushes images to a registry and returns them. */
type Recipe = (registry: Distribution) => Promise<Image[]>;

/** A real registry with the images of a workload. */
export class Dataset implements AsyncDisposable, LoggingServer {
  readonly host: string;
  readonly images: readonly Image[];
  /** The registry's blob storage: `AB/ABCD…/data` for the digest `sha256:ABCD…`. */
  readonly store: string;
  readonly #registry: Distribution;

  private constructor(registry: Distribution, images: readonly Image[], folder: string) {
    this.host = registry.host;
    this.images = images;
    this.store = join(folder, 'registry/docker/registry/v2/blobs/sha256');
    this.#registry = registry;
  }

  /** Starts the registry, and pushes its images unless an earlier bench did. */
  static async open(stage: Stage, name: string, recipe: Recipe): Promise<Dataset> {
    const folder = join(stage.data, `${name}-${stage.scale}`);
    mkdirSync(folder, { recursive: true });
    const registry = await Distribution.start(folder, { logsRequests: true });
    const list = join(folder, 'images.json');
    if (!existsSync(list)) writeFileSync(list, JSON.stringify(await recipe(registry)));
    const dataset = new Dataset(registry, JSON.parse(readFileSync(list, 'utf8')) as Image[], folder);
    dataset.#fillCache();
    return dataset;
  }

  responses(): LoggedRequest[] {
    return this.#registry.responses();
  }

  /** Returns the file of a blob or a manifest. */
  fileOf(digest: string): string {
    const hex = digest.slice('sha256:'.length);
    return join(this.store, hex.slice(0, 2), hex, 'data');
  }

  /** Reads the storage once: the first program would otherwise wait for the disk, and the others would not. */
  #fillCache(): void {
    const args = [this.store, '-type', 'f', '-exec', 'cat', '{}', '+'];
    execFileSync('find', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#registry[Symbol.asyncDispose]();
  }
}

/** Pushes the config and the manifest of an image whose layers are in its repository. */
export async function pushImage(
  registry: Distribution,
  name: string,
  layers: readonly RemoteLayer[],
): Promise<Image> {
  const image = imageOf({ layers });
  await registry.push(name, image);
  const configs = [...image.blobs].map(([digest, bytes]) => ({ digest, size: bytes.length }));
  return {
    name,
    digest: image.digest,
    blobs: [...configs, ...layers.map(({ digest, size }) => ({ digest, size }))],
  };
}

/** Returns an image's name without its tag. */
export function repositoryOf({ name }: Image): string {
  return name.slice(0, name.lastIndexOf(':'));
}

/** Returns each blob of the images once, with the repository of an image that has it. */
export function uniqueBlobs(images: readonly Image[]): (Blob & { readonly repository: string })[] {
  const blobs = images.flatMap(image =>
    image.blobs.map(blob => ({ ...blob, repository: repositoryOf(image) })),
  );
  return [...new Map(blobs.map(blob => [blob.digest, blob])).values()];
}

/** Returns the size of all blobs of the images in bytes, each blob counted once. */
export function totalSize(images: readonly Image[]): number {
  return uniqueBlobs(images).reduce((sum, { size }) => sum + size, 0);
}

/** Creates `count` items, eight at a time, and returns them in order. */
export async function makeMany<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  const indexes = Array.from({ length: count }).keys();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const at of indexes) made[at] = await make(at);
    }),
  );
  return made;
}
