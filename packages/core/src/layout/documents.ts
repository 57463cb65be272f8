import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestHex, isDigest } from '../oci/digest.ts';
import { type ImageManifest, isRunnable, MANIFEST_KEYS } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import type { Platform, PlatformChoice } from '../oci/platform.ts';
import { bestMatches } from '../oci/platform-match.ts';
import { type Keys, MAP } from '../oci/strict-json.ts';
import type { PlatformImage } from '../resolve/resolved-image.ts';
import { type BundleName, NAME_ANNOTATIONS, RESOLVED_ANNOTATION } from './names.ts';

/** The entries that precede the blobs, in order. */
export const DOCUMENTS: readonly string[] = ['oci-layout', 'index.json', 'manifest.json'];

/** The keys of the documents that programs read. */
export const DOCUMENT_KEYS: Readonly<Record<string, Keys>> = {
  'oci-layout': { imageLayoutVersion: null },
  'index.json': MANIFEST_KEYS,
  'manifest.json': { Config: null, RepoTags: null, Layers: null, LayerSources: MAP, Parent: null },
};

const BLOBS = 'blobs/sha256/';

/** The entry name of a blob (image-spec, image-layout.md). */
export function blobPath(descriptor: Pick<Descriptor, 'digest'>): string {
  return `${BLOBS}${digestHex(descriptor.digest)}`;
}

/** The digest of the blob with this entry name; undefined for other entries. */
export function blobDigest(name: string): Digest | undefined {
  if (!name.startsWith(BLOBS)) return undefined;
  const digest = `sha256:${name.slice(BLOBS.length)}`;
  return isDigest(digest) ? digest : undefined;
}

/** The `oci-layout` file. */
export function ociLayout(): Buffer {
  return json({ imageLayoutVersion: '1.0.0' });
}

/** The `index.json` file: one descriptor per name. */
export function indexJson(names: readonly BundleName[]): Buffer {
  const manifests = names.map(({ name, image }) => {
    const annotations: Record<string, string> = {};
    for (const key of NAME_ANNOTATIONS) annotations[key] = name.toString();
    if (image.root.digest !== image.resolved) annotations[RESOLVED_ANNOTATION] = image.resolved;
    return { ...image.root, annotations };
  });
  return json({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests });
}

/** A name, and the images of which docker gets one. */
interface DockerName extends Pick<BundleName, 'name'> {
  readonly image: Pick<BundleName['image'], 'images' | 'requested'>;
}

/**
 * The `manifest.json` file, for `docker load` on the classic store and for podman: one platform per tag. It omits
 * artifacts, which these cannot unpack.
 */
export function manifestJson(names: readonly DockerName[]): Buffer {
  const entries = new Map<string, { image: PlatformImage; tags: string[] }>();
  for (const { name, image } of names) {
    const chosen = dockerImage(image.images, image.requested);
    if (!chosen) continue;
    const entry = entries.get(chosen.descriptor.digest) ?? { image: chosen, tags: [] };
    if (name.digest === undefined) entry.tags.push(name.toString());
    entries.set(chosen.descriptor.digest, entry);
  }
  return json(
    [...entries.values()].map(({ image, tags }) => dockerManifestEntry(image.manifest, image.diffIds, tags)),
  );
}

const FALLBACK: Platform = { os: 'linux', architecture: 'amd64' };

/** Selects the best match for the first requested platform that exists, else for linux/amd64, else the first image. */
function dockerImage(images: readonly PlatformImage[], choice: PlatformChoice): PlatformImage | undefined {
  // docker rejects the complete file when it rejects one image.
  const runnable = images.filter(
    ({ manifest, diffIds }) => isRunnable(manifest) && diffIds.length === manifest.layers.length,
  );
  const preferred = choice === 'all' ? [FALLBACK] : [...choice, FALLBACK];
  for (const requested of preferred) {
    const [match] = bestMatches(runnable, requested);
    if (match) return match;
  }
  return runnable[0];
}

/** An image as `docker load` reads it; `RepoTags` is null for one without tags. */
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
