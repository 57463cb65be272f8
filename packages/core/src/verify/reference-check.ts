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
import { formatPlatform } from '../oci/platform.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Follows every name of a bundle down to its layers: all of it must be there, in order, and nothing besides. */
export class ReferenceCheck {
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #problems: Problem[];
  readonly #needed = new Set<string>(DOCUMENTS);
  readonly #order = new BlobOrder();
  /** What a runtime could run, by the names that lead to it. */
  readonly #images = new Map<string, ImageManifest[]>();

  constructor(bundle: BundleReader, entries: ReadonlyMap<string, PlacedEntry>, problems: Problem[]) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.#problems = problems;
  }

  async check(names: readonly NamedDescriptor[]): Promise<void> {
    for (const { name = 'index.json', descriptor } of names) await this.#follow(name, descriptor);
    // What the index has wrong would be told once more.
    if (!this.#problems.some(({ entry }) => entry === 'index.json'))
      for (const message of await dockerManifestProblems(this.#bundle, this.#entries, this.#images))
        this.#problems.push({ message, entry: 'manifest.json' });
    if (!this.#order.isSorted([...this.#entries.keys()]))
      this.#problems.push({ message: 'the entries are not in the order in which a build writes them' });
    for (const { name, headerOffset } of this.#entries.values())
      if (!this.#needed.has(name))
        this.#problems.push({
          message: 'foreign blob: no image needs it',
          entry: name,
          offset: headerOffset,
        });
  }

  async #follow(name: string, root: Descriptor): Promise<void> {
    this.#need(root, name);
    const images: ImageManifest[] = [];
    this.#images.set(name, images);
    const broken = (descriptor: Descriptor, error: unknown) => {
      if (!(error instanceof AirgapError)) throw error;
      const entry = blobPath(descriptor);
      if (this.#entries.has(entry)) this.#problems.push({ message: `${name}: ${error.message}`, entry });
    };
    for await (const { descriptor, manifest } of walkManifests(this.#bundle, this.#entries, root, broken)) {
      if (descriptor === root)
        for (const message of await rootProblems(this.#bundle, this.#entries, root, manifest))
          this.#problems.push({ message: `${name}: ${message}`, entry: 'index.json' });
      this.#order.add(descriptor, manifest);
      if (manifest.kind === 'image' && isRunnable(manifest)) images.push(manifest);
      for (const child of manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest))
        this.#need(child, name);
    }
  }

  #need(descriptor: Descriptor, by: string): void {
    const path = blobPath(descriptor);
    this.#needed.add(path);
    const entry = this.#entries.get(path);
    if (entry?.size === descriptor.size) return;
    const wrong = entry ? `has ${entry.size} bytes instead of ${descriptor.size}` : 'is missing';
    this.#problems.push({ message: `${descriptor.digest}, which ${by} needs, ${wrong}`, entry: path });
  }
}

/** What `index.json` says of a manifest, beside its digest, must be what the manifest and its config say. */
async function rootProblems(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  { mediaType, platform }: Descriptor,
  manifest: Manifest,
): Promise<string[]> {
  const problems: string[] = [];
  if (mediaType !== manifest.mediaType)
    problems.push(`its media type is ${manifest.mediaType}, not ${mediaType}`);
  if (
    platform &&
    manifest.kind === 'image' &&
    isRunnable(manifest) &&
    entries.has(blobPath(manifest.config))
  ) {
    const config = await bundle.blob(entries, manifest.config);
    const own = parseConfig(config, { path: bundle.path, digest: manifest.config.digest }).platform;
    if (own && !isDeepStrictEqual(platform, JSON.parse(JSON.stringify(own))))
      problems.push(`its platform is ${formatPlatform(own)}, not ${formatPlatform(platform)}`);
  }
  return problems;
}
