import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, type ImageManifest, isAttestation, isRunnable } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { parseFrom } from '../oci/stored-document.ts';
import type { Layout, NamedDescriptor } from './layout.ts';
import { subjectOf } from './subject.ts';
import { rethrow, walkManifests } from './walk.ts';

/** A platform of an image. */
export interface PlatformSummary {
  /** As `os/arch[/variant]`. */
  readonly name: string;
  /** The digest of its manifest. */
  readonly digest: Digest;
}

/** A name of a layout and the image that it points to. */
export interface ImageSummary {
  /** The name, or the digest of an image without a name. */
  readonly name: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** The digest of the image that a signature or other artifact refers to. */
  readonly subject: Digest | undefined;
  readonly platforms: readonly PlatformSummary[];
  /** The layers of all platforms, each once. */
  readonly layers: readonly Descriptor[];
  /** The sizes of all manifests, configs and layers, in bytes. */
  readonly sizes: ReadonlyMap<Digest, number>;
}

/**
 * Summarizes the images of a layout in the order of its `index.json`. It reads documents only, no layers.
 *
 * @throws AirgapError `BUNDLE`, `CONTENT`; `REGISTRY`, `UNSUPPORTED` for an invalid manifest or config
 */
export async function* summarizeImages(layout: Layout): AsyncGenerator<ImageSummary> {
  for (const named of await layout.names()) yield await summarizeImage(layout, named);
}

async function summarizeImage(layout: Layout, named: NamedDescriptor): Promise<ImageSummary> {
  const root = named.descriptor;
  const { digest, mediaType } = root;
  const name = named.name ?? digest;
  const platforms: PlatformSummary[] = [];
  const layers = new Map<Digest, Descriptor>();
  const sizes = new Map<Digest, number>();
  for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow)) {
    sizes.set(descriptor.digest, descriptor.size);
    for (const blob of blobsOfManifest(manifest)) sizes.set(blob.digest, blob.size);
    if (manifest.kind === 'index') continue;
    for (const layer of manifest.layers) layers.set(layer.digest, layer);
    const platform = await platformOf(layout, descriptor, manifest);
    if (platform !== undefined) platforms.push({ name: platform, digest: descriptor.digest });
  }
  const subject = await subjectOf(layout, { name, root });
  return { name, digest, mediaType, subject, platforms, layers: [...layers.values()], sizes };
}

/** The platform of an image; undefined for an artifact. */
async function platformOf(
  layout: Layout,
  descriptor: Descriptor,
  manifest: ImageManifest,
): Promise<string | undefined> {
  if (isAttestation(descriptor) || !isRunnable(manifest)) return undefined;
  const platform = descriptor.platform ?? (await configPlatform(layout, manifest));
  return platform && formatPlatform(platform);
}

async function configPlatform(layout: Layout, { config }: ImageManifest) {
  if (layout.sizeOf(config) === undefined) return undefined;
  const bytes = await layout.blob(config);
  const where = { path: layout.path, digest: config.digest };
  return parseFrom(where, () => parseConfig(bytes, where)).platform;
}
