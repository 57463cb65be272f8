import { resolve } from 'node:path';
import { blobPath } from './bundle/documents.ts';
import { blobsOfManifest, manifestsBelow, refuse } from './bundle/graph.ts';
import { BundleReader } from './bundle/reader.ts';
import { type BlobSizes, bytesOf, Sharing } from './bundle/sharing.ts';
import { subjectOf } from './bundle/subject.ts';
import type { PlacedEntry } from './bundle/tar-walk.ts';
import { parseConfig } from './image/config.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { isAttestation, isRunnable } from './oci/manifest.ts';
import { formatPlatform, type Platform } from './oci/platform.ts';

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

interface Found {
  readonly name: string;
  readonly root: Descriptor;
  readonly subject: string | undefined;
  readonly platforms: readonly string[];
  readonly layers: readonly Descriptor[];
  readonly sizes: BlobSizes;
}

/**
 * Says what is in a bundle, from its documents and manifests alone; layers are not read.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `BUNDLE` when it is no bundle, `CONTENT`
 */
export async function inspect({ bundle: path }: InspectOptions): Promise<InspectResult> {
  await using bundle = await BundleReader.open(path);
  const entries = await bundle.entries();
  const found: Found[] = [];
  for (const { name, descriptor } of await bundle.names(entries)) {
    found.push(await find(bundle, entries, name ?? descriptor.digest, descriptor));
  }
  // Two names for one image share it whole: only different images count.
  const distinct = new Map(found.map(image => [image.root.digest, image.sizes]));
  const sharing = new Sharing([...distinct.values()]);
  return {
    path: resolve(path),
    size: bundle.size,
    images: found.map(image => describe(image, sharing)),
    blobs: sharing.blobs,
    blobBytes: sharing.blobBytes,
    sharedBytes: sharing.sharedBytes,
  };
}

async function find(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  name: string,
  root: Descriptor,
): Promise<Found> {
  const platforms: string[] = [];
  const layers = new Map<string, Descriptor>();
  const sizes = new Map<string, number>();
  for await (const { descriptor, manifest } of manifestsBelow(bundle, entries, root, refuse)) {
    sizes.set(descriptor.digest, descriptor.size);
    if (manifest.kind === 'index') continue;
    for (const blob of blobsOfManifest(manifest)) sizes.set(blob.digest, blob.size);
    for (const layer of manifest.layers) layers.set(layer.digest, layer);
    if (isAttestation(descriptor) || !isRunnable(manifest)) continue;
    const platform = descriptor.platform ?? (await configPlatform(bundle, entries, manifest.config));
    if (platform) platforms.push(formatPlatform(platform));
  }
  const subject = await subjectOf(bundle, entries, { name, root });
  return { name, root, subject, platforms, layers: [...layers.values()], sizes };
}

async function configPlatform(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  config: Descriptor,
): Promise<Platform | undefined> {
  if (!entries.has(blobPath(config))) return undefined;
  return parseConfig(await bundle.blob(entries, config), { path: bundle.path, digest: config.digest })
    .platform;
}

function describe(
  { name, root, subject, platforms, layers, sizes }: Found,
  sharing: Sharing,
): InspectedImage {
  return {
    name,
    digest: root.digest,
    mediaType: root.mediaType,
    ...(subject === undefined ? {} : { subject }),
    platforms,
    layers: layers.map(({ digest, size, mediaType }) => ({
      digest,
      size,
      mediaType,
      sharedBy: sharing.owners(digest),
    })),
    bytes: bytesOf(sizes),
    uniqueBytes: sharing.uniqueBytes(sizes),
  };
}
