import { isDeepStrictEqual } from 'node:util';
import { BlobOrder } from '../layout/blob-order.ts';
import { dockerManifestProblems } from '../layout/docker-archive.ts';
import { blobDigest, blobPath, DOCUMENTS } from '../layout/documents.ts';
import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { blobsOfManifest, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageManifest, isRunnable, type Manifest } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { offsetOf, type Problem } from './problem.ts';

/** Follows every name of a bundle down to its layers. All referenced blobs must exist, in order, and no others; those
 * that a delta leaves to its base may be absent. */
export class ReferenceCheck {
  readonly #layout: Layout;
  readonly #problems: Problem[];
  readonly #needed = new Set<string>(DOCUMENTS);
  readonly #order = new BlobOrder();
  /** Runnable images, by the names that point to them. */
  readonly #images = new Map<string, ImageManifest[]>();

  constructor(layout: Layout, problems: Problem[]) {
    this.#layout = layout;
    this.#problems = problems;
  }

  async check(names: readonly NamedDescriptor[]): Promise<void> {
    for (const { name = 'index.json', descriptor } of names) await this.#follow(name, descriptor);
    if (this.#layout.isBuilt) await this.#checkBundle();
    const { entries, absent } = this.#layout;
    for (const entry of [...entries.values(), ...absent.values()])
      if (blobDigest(entry.name) && !this.#needed.has(entry.name))
        this.#problems.push({ message: 'unreferenced blob', entry: entry.name, ...offsetOf(entry) });
  }

  /** What holds only for the tar of a build: `manifest.json` matches the manifests, and the entries are sorted. */
  async #checkBundle(): Promise<void> {
    // Problems of index.json would be reported twice.
    if (!this.#problems.some(({ entry }) => entry === 'index.json'))
      for (const message of await dockerManifestProblems(this.#layout, this.#images))
        this.#problems.push({ message, entry: 'manifest.json' });
    const complete = this.#layout.recipe?.full.entries.map(([name]) => name);
    if (!this.#order.isSorted(complete ?? [...this.#layout.entries.keys()]))
      this.#problems.push({ message: 'the entries are not in canonical order' });
  }

  async #follow(name: string, root: Descriptor): Promise<void> {
    this.#need(root, name);
    const images: ImageManifest[] = [];
    this.#images.set(name, images);
    const onError = (descriptor: Descriptor, error: unknown) => {
      if (!(error instanceof AirgapError)) throw error;
      const entry = blobPath(descriptor);
      if (this.#layout.entries.has(entry))
        this.#problems.push({ message: `${name}: ${error.message}`, entry });
    };
    for await (const { descriptor, manifest } of walkManifests(this.#layout, root, onError)) {
      if (descriptor === root)
        for (const message of await rootProblems(this.#layout, root, manifest))
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
    const size = this.#layout.sizeOf(descriptor);
    if (size === descriptor.size || this.#layout.expects(descriptor)) return;
    const problem = size === undefined ? 'is missing' : `has ${size} bytes, expected ${descriptor.size}`;
    this.#problems.push({ message: `${descriptor.digest}, which ${by} needs, ${problem}`, entry: path });
  }
}

/** Checks that media type and platform in `index.json` match the manifest and its config. */
async function rootProblems(
  layout: Layout,
  { mediaType, platform }: Descriptor,
  manifest: Manifest,
): Promise<string[]> {
  const problems: string[] = [];
  if (mediaType !== manifest.mediaType)
    problems.push(`media type mismatch: expected ${mediaType}, got ${manifest.mediaType}`);
  const actual = platform && (await configPlatform(layout, manifest));
  // Compared as JSON, which drops undefined fields.
  if (actual && !isDeepStrictEqual(platform, JSON.parse(JSON.stringify(actual))))
    problems.push(`platform mismatch: expected ${formatPlatform(platform)}, got ${formatPlatform(actual)}`);
  return problems;
}

/** The platform in the config of a runnable image; undefined for other manifests. */
async function configPlatform(layout: Layout, manifest: Manifest): Promise<Platform | undefined> {
  if (manifest.kind !== 'image' || !isRunnable(manifest)) return undefined;
  const { config } = manifest;
  if (layout.sizeOf(config) === undefined) return undefined;
  const bytes = await layout.blob(config);
  return parseConfig(bytes, { path: layout.path, digest: config.digest }).platform;
}
