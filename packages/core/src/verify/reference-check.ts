import { isDeepStrictEqual } from 'node:util';
import type { BundleReader } from '../bundle/reader.ts';
import { BlobOrder } from '../layout/blob-order.ts';
import { dockerManifestProblems } from '../layout/docker-archive.ts';
import type { NamedDescriptor } from '../layout/document-reader.ts';
import { blobPath, DOCUMENTS } from '../layout/documents.ts';
import { blobsOfManifest, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageManifest, isRunnable, type Manifest } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Follows every name of a bundle down to its layers. All referenced blobs must exist, in order, and no others. */
export class ReferenceCheck {
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #problems: Problem[];
  readonly #needed = new Set<string>(DOCUMENTS);
  readonly #order = new BlobOrder();
  /** Runnable images, by the names that point to them. */
  readonly #images = new Map<string, ImageManifest[]>();

  constructor(bundle: BundleReader, entries: ReadonlyMap<string, PlacedEntry>, problems: Problem[]) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.#problems = problems;
  }

  async check(names: readonly NamedDescriptor[]): Promise<void> {
    for (const { name = 'index.json', descriptor } of names) await this.#follow(name, descriptor);
    // Problems of index.json would be reported twice.
    if (!this.#problems.some(({ entry }) => entry === 'index.json'))
      for (const message of await dockerManifestProblems(this.#bundle, this.#entries, this.#images))
        this.#problems.push({ message, entry: 'manifest.json' });
    if (!this.#order.isSorted([...this.#entries.keys()]))
      this.#problems.push({ message: 'the entries are not in canonical order' });
    for (const { name, headerOffset } of this.#entries.values())
      if (!this.#needed.has(name))
        this.#problems.push({ message: 'unreferenced blob', entry: name, offset: headerOffset });
  }

  async #follow(name: string, root: Descriptor): Promise<void> {
    this.#need(root, name);
    const images: ImageManifest[] = [];
    this.#images.set(name, images);
    const onError = (descriptor: Descriptor, error: unknown) => {
      if (!(error instanceof AirgapError)) throw error;
      const entry = blobPath(descriptor);
      if (this.#entries.has(entry)) this.#problems.push({ message: `${name}: ${error.message}`, entry });
    };
    for await (const { descriptor, manifest } of walkManifests(this.#bundle, this.#entries, root, onError)) {
      if (descriptor === root)
        for (const message of await rootProblems(this.#bundle, this.#entries, root, manifest))
          this.#problems.push({ message: `${name}: ${message}`, entry: 'index.json' });
      this.#order.add(descriptor, manifest);
      if (manifest.kind === 'image' && isRunnable(manifest)) images.push(manifest);
      const children = manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest);
      for (const child of children) this.#need(child, name);
    }
  }

  #need(descriptor: Descriptor, by: string): void {
    const path = blobPath(descriptor);
    this.#needed.add(path);
    const entry = this.#entries.get(path);
    if (entry?.size === descriptor.size) return;
    const problem = entry ? `has ${entry.size} bytes, expected ${descriptor.size}` : 'is missing';
    this.#problems.push({ message: `${descriptor.digest}, which ${by} needs, ${problem}`, entry: path });
  }
}

/** Checks that media type and platform in `index.json` match the manifest and its config. */
async function rootProblems(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  { mediaType, platform }: Descriptor,
  manifest: Manifest,
): Promise<string[]> {
  const problems: string[] = [];
  if (mediaType !== manifest.mediaType)
    problems.push(`media type mismatch: expected ${mediaType}, got ${manifest.mediaType}`);
  const actual = platform && (await configPlatform(bundle, entries, manifest));
  // Compared as JSON, which drops undefined fields.
  if (actual && !isDeepStrictEqual(platform, JSON.parse(JSON.stringify(actual))))
    problems.push(`platform mismatch: expected ${formatPlatform(platform)}, got ${formatPlatform(actual)}`);
  return problems;
}

/** The platform in the config of a runnable image; undefined for other manifests. */
async function configPlatform(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  manifest: Manifest,
): Promise<Platform | undefined> {
  if (manifest.kind !== 'image' || !isRunnable(manifest)) return undefined;
  const { config } = manifest;
  if (!entries.has(blobPath(config))) return undefined;
  const bytes = await bundle.blob(entries, config);
  return parseConfig(bytes, { path: bundle.path, digest: config.digest }).platform;
}
