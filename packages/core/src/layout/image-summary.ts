import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, isAttestation, isRunnable } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { DocumentReader, LayoutEntry, NamedDescriptor } from './document-reader.ts';
import { blobPath } from './documents.ts';
import { subjectOf } from './subject.ts';
import { blobsOfManifest, rethrow, walkManifests } from './walk.ts';

/** One platform of an image. */
export interface PlatformSummary {
  /** As `os/arch[/variant]`. */
  readonly name: string;
  /** Of its manifest. */
  readonly digest: Digest;
}

/** One name of a layout, and what it leads to there. */
export interface ImageSummary {
  /** The digest, for an image without a name. */
  readonly name: string;
  readonly digest: Digest;
  readonly mediaType: string;
  /** What a signature and the like is about. */
  readonly subject: Digest | undefined;
  readonly platforms: readonly PlatformSummary[];
  /** Of all its platforms, each once. */
  readonly layers: readonly Descriptor[];
  /** Everything that it needs: manifests, configs and layers, in bytes. */
  readonly sizes: ReadonlyMap<Digest, number>;
}

/**
 * Every image of a layout, in the order of its `index.json`, from documents alone: layers are not read.
 *
 * @throws AirgapError `BUNDLE`, `CONTENT`; `REGISTRY`, `UNSUPPORTED` for a manifest or config that is none
 */
export async function* summarizeImages<Entry extends LayoutEntry>(
  layout: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
): AsyncGenerator<ImageSummary> {
  for (const named of await layout.names(entries)) yield await summarizeImage(layout, entries, named);
}

async function summarizeImage<Entry extends LayoutEntry>(
  layout: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
  { name: given, descriptor: root }: NamedDescriptor,
): Promise<ImageSummary> {
  const { digest, mediaType } = root;
  const name = given ?? digest;
  const platforms: PlatformSummary[] = [];
  const layers = new Map<Digest, Descriptor>();
  const sizes = new Map<Digest, number>();
  for await (const { descriptor, manifest } of walkManifests(layout, entries, root, rethrow)) {
    sizes.set(descriptor.digest, descriptor.size);
    if (manifest.kind === 'index') continue;
    for (const blob of blobsOfManifest(manifest)) sizes.set(blob.digest, blob.size);
    for (const layer of manifest.layers) layers.set(layer.digest, layer);
    const platform = await platformOf(layout, entries, descriptor, manifest);
    if (platform !== undefined) platforms.push({ name: platform, digest: descriptor.digest });
  }
  const subject = await subjectOf(layout, entries, { name, root });
  return { name, digest, mediaType, subject, platforms, layers: [...layers.values()], sizes };
}

/** What an image runs on; nothing for what does not run. */
async function platformOf<Entry extends LayoutEntry>(
  layout: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
  descriptor: Descriptor,
  manifest: ImageManifest,
): Promise<string | undefined> {
  if (isAttestation(descriptor) || !isRunnable(manifest)) return undefined;
  const platform = descriptor.platform ?? (await configPlatform(layout, entries, manifest));
  return platform && formatPlatform(platform);
}

async function configPlatform<Entry extends LayoutEntry>(
  layout: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
  { config }: ImageManifest,
) {
  if (!entries.has(blobPath(config))) return undefined;
  const bytes = await layout.blob(entries, config);
  return parseConfig(bytes, { path: layout.path, digest: config.digest }).platform;
}
