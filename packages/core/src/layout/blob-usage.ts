/** The blobs and manifests of one image with their sizes in bytes, each digest once. */
export type BlobSizes = ReadonlyMap<string, number>;

/** A number of blobs, including manifests, and their total size in bytes. */
export interface BlobAmount {
  readonly blobs: number;
  readonly bytes: number;
}

/** How images share blobs: the total size, and the unique size of each image. Sizes are bytes. */
export class BlobUsage {
  /** The number of distinct blobs, including manifests. */
  readonly blobs: number;
  /** The total size of the distinct blobs. */
  readonly blobBytes: number;
  /** What deduplication saves: the sum of all images' bytes minus `blobBytes`. */
  readonly sharedBytes: number;
  readonly #references = new Map<string, number>();

  /** @param images each distinct image once, even if it has several names */
  constructor(images: readonly BlobSizes[]) {
    for (const sizes of images)
      for (const digest of sizes.keys()) this.#references.set(digest, this.references(digest) + 1);
    const distinct = new Map(images.flatMap(sizes => [...sizes]));
    this.blobs = distinct.size;
    this.blobBytes = sum(distinct.values());
    this.sharedBytes = sum(images.map(bytesOf)) - this.blobBytes;
  }

  /** The number of images that contain a blob. */
  references(digest: string): number {
    return this.#references.get(digest) ?? 0;
  }

  /** The size of the blobs that only this image contains. */
  uniqueBytes(sizes: BlobSizes): number {
    return sum([...sizes].map(([digest, size]) => (this.references(digest) === 1 ? size : 0)));
  }
}

/** The total size of an image, in bytes. */
export function bytesOf(sizes: BlobSizes): number {
  return sum(sizes.values());
}

/** The amount of some blobs, each of which is given once. */
export function amountOf(blobs: Iterable<{ readonly size: number }>): BlobAmount {
  const sizes = [...blobs].map(({ size }) => size);
  return { blobs: sizes.length, bytes: sum(sizes) };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
