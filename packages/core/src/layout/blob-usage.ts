/** Blobs and manifests of one image with their sizes in bytes, each digest once. */
export type BlobSizes = ReadonlyMap<string, number>;

/** Who shares what among images: how much each needs, and how much of it nobody else does. Sizes are bytes. */
export class BlobUsage {
  /** Different blobs, manifests included. */
  readonly blobs: number;
  /** Their sizes added up, each digest once. */
  readonly blobBytes: number;
  /** What sharing saves: all images' bytes less `blobBytes`. */
  readonly sharedBytes: number;
  readonly #owners = new Map<string, number>();

  /** @param images each image once, however many names it has */
  constructor(images: readonly BlobSizes[]) {
    for (const sizes of images)
      for (const digest of sizes.keys()) this.#owners.set(digest, this.references(digest) + 1);
    const all = new Map(images.flatMap(sizes => [...sizes]));
    this.blobs = all.size;
    this.blobBytes = sum(all.values());
    this.sharedBytes = sum(images.map(bytesOf)) - this.blobBytes;
  }

  /** How many of the images have a blob. */
  references(digest: string): number {
    return this.#owners.get(digest) ?? 0;
  }

  /** The part of an image that no other one needs. */
  uniqueBytes(sizes: BlobSizes): number {
    return sum([...sizes].map(([digest, size]) => (this.references(digest) === 1 ? size : 0)));
  }
}

/** Everything that an image needs. */
export function bytesOf(sizes: BlobSizes): number {
  return sum(sizes.values());
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
