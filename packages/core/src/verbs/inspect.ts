import { resolve } from 'node:path';
import { BundleReader } from '../bundle/reader.ts';
import { BlobUsage, bytesOf } from '../layout/blob-usage.ts';
import { type ImageSummary, summarizeImages } from '../layout/image-summary.ts';

export interface InspectOptions {
  /** The bundle's path. */
  readonly bundle: string;
}

/** One layer of an image. */
export interface InspectedLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** How many of the bundle's images have it. */
  readonly sharedBy: number;
}

/** One name of a bundle. Sizes are bytes. */
export interface InspectedImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  /** The digest that it is about, for a signature and the like. */
  readonly subject?: string;
  readonly platforms: readonly string[];
  readonly layers: readonly InspectedLayer[];
  /** Everything the image needs. */
  readonly bytes: number;
  /** The part of it that no other image needs. */
  readonly uniqueBytes: number;
}

export interface InspectResult {
  readonly path: string;
  /** The file. */
  readonly size: number;
  readonly images: readonly InspectedImage[];
  readonly blobs: number;
  readonly blobBytes: number;
  /** What sharing saves: all images' bytes less `blobBytes`. */
  readonly sharedBytes: number;
}

/**
 * Says what is in a bundle, from its documents and manifests alone; layers are not read.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `BUNDLE` when it is no bundle, `CONTENT`
 */
export async function inspect({ bundle: path }: InspectOptions): Promise<InspectResult> {
  await using bundle = await BundleReader.open(path);
  const found: ImageSummary[] = [];
  for await (const image of summarizeImages(bundle, await bundle.entries())) found.push(image);
  // Two names for one image share it whole: only different images count.
  const distinct = new Map(found.map(image => [image.digest, image.sizes]));
  const sharing = new BlobUsage([...distinct.values()]);
  return {
    path: resolve(path),
    size: bundle.size,
    images: found.map(image => describe(image, sharing)),
    blobs: sharing.blobs,
    blobBytes: sharing.blobBytes,
    sharedBytes: sharing.sharedBytes,
  };
}

function describe(
  { name, digest, mediaType, subject, platforms, layers, sizes }: ImageSummary,
  sharing: BlobUsage,
): InspectedImage {
  return {
    name,
    digest,
    mediaType,
    ...(subject === undefined ? {} : { subject }),
    platforms: platforms.map(platform => platform.name),
    layers: layers.map(({ digest, size, mediaType }) => ({
      digest,
      size,
      mediaType,
      sharedBy: sharing.references(digest),
    })),
    bytes: bytesOf(sizes),
    uniqueBytes: sharing.uniqueBytes(sizes),
  };
}
