import type { Descriptor } from '../oci/descriptor.ts';
import { digestHex } from '../oci/digest.ts';
import { type ImageManifest, isRunnable } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { matchesPlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';
import type { PlatformImage } from '../resolve/resolved-image.ts';
import { type BundleName, NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from './names.ts';

/** The entries that come before the blobs. */
export const DOCUMENTS: readonly string[] = ['oci-layout', 'index.json', 'manifest.json'];

const BLOB = /^blobs\/sha256\/[0-9a-f]{64}$/;

/** The name of a blob's entry (image-spec, image-layout.md). */
export function blobPath(descriptor: Pick<Descriptor, 'digest'>): string {
  return `blobs/sha256/${digestHex(descriptor.digest)}`;
}

/** Whether an entry of this name is a blob. */
export function isBlobPath(name: string): boolean {
  return BLOB.test(name);
}

/** The `oci-layout` file. */
export function ociLayout(): Buffer {
  return json({ imageLayoutVersion: '1.0.0' });
}

/** `index.json`: one descriptor for each name. */
export function indexJson(names: readonly BundleName[]): Buffer {
  const manifests = names.map(({ name, image }) => {
    const annotations: Record<string, string> = {};
    for (const key of NAME_ANNOTATIONS) annotations[key] = name.toString();
    if (image.root.digest !== image.resolved) annotations[RESOLVED_ANNOTATION] = image.resolved;
    return { ...image.root, annotations };
  });
  return json({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
}

/**
 * `manifest.json`, for `docker load` on the classic store and for podman: one platform for each tag. Artifacts are
 * left out, as nothing could unpack them.
 */
export function manifestJson(names: readonly BundleName[], choice: PlatformChoice): Buffer {
  const entries = new Map<string, { image: PlatformImage; tags: string[] }>();
  for (const { name, image } of names) {
    const chosen = dockerImage(image.images, choice);
    if (!chosen) continue;
    const entry = entries.get(chosen.descriptor.digest) ?? { image: chosen, tags: [] };
    if (name.digest === undefined) entry.tags.push(name.toString());
    entries.set(chosen.descriptor.digest, entry);
  }
  return json(
    [...entries.values()].map(({ image, tags }) => dockerManifestEntry(image.manifest, image.diffIds, tags)),
  );
}

const COMMON: Platform = { os: 'linux', architecture: 'amd64' };

/** The first platform that was asked for, or the most common one, or whatever comes first. */
function dockerImage(images: readonly PlatformImage[], choice: PlatformChoice): PlatformImage | undefined {
  // One image that docker refuses makes it refuse the whole file.
  const runnable = images.filter(
    ({ manifest, diffIds }) => isRunnable(manifest) && diffIds.length === manifest.layers.length,
  );
  const wishes = choice === 'all' ? [COMMON] : [...choice, COMMON];
  for (const wish of wishes) {
    const match = runnable.find(({ platform }) => platform && matchesPlatform(wish, platform));
    if (match) return match;
  }
  return runnable[0];
}

/** One image as `docker load` reads it; `RepoTags` is null for one that has no tag. */
export function dockerManifestEntry(
  manifest: Pick<ImageManifest, 'config' | 'layers'>,
  diffIds: readonly string[],
  tags: readonly string[],
): object {
  const sources = manifest.layers.map(({ mediaType, digest, size }, index) => [
    diffIds[index],
    { mediaType, digest, size },
  ]);
  return {
    Config: blobPath(manifest.config),
    RepoTags: tags.length > 0 ? tags : null,
    Layers: manifest.layers.map(blobPath),
    LayerSources: Object.fromEntries(sources),
  };
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}
