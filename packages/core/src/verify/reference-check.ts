import { isDeepStrictEqual } from 'node:util';
import { BlobOrder } from '../layout/blob-order.ts';
import { DockerArchive } from '../layout/docker-archive.ts';
import { blobDigest, blobPath, DOCUMENTS } from '../layout/documents.ts';
import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { type ManifestNode, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type CompressedLayer, compressedLayers, DIFF_ID_HINT, diffIdMismatch } from '../oci/diff-ids.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, type ImageManifest, isRunnable } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { offsetOf, type Problem } from './problem.ts';
import { SharedConfigs } from './shared-configs.ts';

/** A layout with more is not looked at any further. */
const MAX_PROBLEMS = 1000;
/** The problems of a layout have no more names of images, all together. */
const MAX_IMAGES = 100_000;

/** A file that something refers to. */
interface NeededFile {
  /** As the last reference has it, in bytes. */
  size: number;
  readonly roots: Set<Digest>;
}

/** A compressed layer, and the first image that has it. */
export interface ImageLayer extends CompressedLayer {
  readonly image: string;
}

/** What a name points to, as far as the names are compared with it. */
interface Root {
  /** Undefined when it cannot be read. */
  readonly node: ManifestNode | undefined;
  /** Of its config; undefined for an index and an artifact. */
  readonly platform: Platform | undefined;
}

/**
 * Follows every name of a layout down to its layers. All referenced blobs must exist, in order, and no others; those that
 * a delta leaves to its base may be absent. Programs that read the layout must find the same images. What several names
 * share is read once.
 */
export class ReferenceCheck {
  readonly #layout: Layout;
  readonly #problems: Problem[];
  readonly #notices = new Set<string>();
  readonly #needed = new Map<string, NeededFile>(DOCUMENTS.map(name => [name, newFile()]));
  /** The names of each root. */
  readonly #names = new Map<Digest, string[]>();
  #remainingImages = MAX_IMAGES;
  /** Whether a manifest could not be read: what it refers to is unknown. */
  #isIncomplete = false;
  readonly #order = new BlobOrder();
  readonly #roots = new Map<Digest, Root>();
  readonly #docker: DockerArchive;
  readonly #sharedConfigs: SharedConfigs;
  readonly #compressed = new Map<string, ImageLayer>();

  constructor(layout: Layout, problems: Problem[]) {
    this.#layout = layout;
    this.#problems = problems;
    this.#docker = new DockerArchive(layout);
    this.#sharedConfigs = new SharedConfigs();
  }

  /** @returns what is worth knowing, and no problem */
  async check(names: readonly NamedDescriptor[]): Promise<string[]> {
    for (const { name = 'index.json', descriptor } of names) await this.#checkName(name, descriptor);
    await this.#checkDockerManifest();
    const { entries, absent, isBuilt, recipe } = this.#layout;
    const complete = recipe?.full.entries.map(([name]) => name) ?? [...entries.keys()];
    if (isBuilt && !this.#order.isSorted(complete))
      this.#problems.push({ message: 'the entries are not in canonical order' });
    if (this.#isIncomplete) return [...this.#notices];
    for (const entry of [...entries.values(), ...absent.values()])
      if (blobDigest(entry.name) && !this.#needed.has(entry.name))
        this.#problems.push({ message: 'unreferenced blob', entry: entry.name, ...offsetOf(entry) });
    return [...this.#notices];
  }

  /**
   * The names of the images that need a file, sorted. All calls together return no more than {@link MAX_IMAGES}: many
   * names may share many files.
   */
  takeImages(entry: string): string[] {
    if (this.#remainingImages === 0) return [];
    const roots = [...(this.#needed.get(entry)?.roots ?? [])];
    const names = roots.flatMap(root => this.#names.get(root) ?? []);
    const images = [...new Set(names)].sort().slice(0, this.#remainingImages);
    this.#remainingImages -= images.length;
    return images;
  }

  /** The layers whose diff IDs are known only after they are decompressed, each once. Valid after {@link check}. */
  get compressedLayers(): readonly ImageLayer[] {
    return [...this.#compressed.values()];
  }

  /** A bundle has a `manifest.json`, archives of other tools may have one. */
  async #checkDockerManifest(): Promise<void> {
    // Problems of index.json would be reported twice.
    if (this.#problems.some(({ entry }) => entry === 'index.json')) return;
    if (!this.#layout.isBuilt && !this.#layout.entries.has('manifest.json')) return;
    for (const message of await this.#docker.problems())
      this.#problems.push({ message, entry: 'manifest.json' });
  }

  async #checkName(name: string, descriptor: Descriptor): Promise<void> {
    const { digest } = descriptor;
    this.#addName(digest, name);
    this.#need(descriptor, name, digest);
    const root = this.#roots.get(digest) ?? (await this.#follow(name, descriptor));
    this.#roots.set(digest, root);
    this.#docker.addName(name, digest);
    for (const message of rootProblems(descriptor, root))
      this.#problems.push({ message: `${name}: ${message}`, entry: 'index.json' });
  }

  #addName(root: Digest, name: string): void {
    const names = this.#names.get(root);
    if (names === undefined) this.#names.set(root, [name]);
    else names.push(name);
  }

  /** Goes through everything below a root. @param name for problems */
  async #follow(name: string, descriptor: Descriptor): Promise<Root> {
    let node: ManifestNode | undefined;
    let platform: Platform | undefined;
    const onError = (failed: Descriptor, error: unknown) => {
      this.#reportError(name, failed, error);
      this.#isIncomplete = true;
    };
    for await (const found of walkManifests(this.#layout, descriptor, onError)) {
      if (this.#problems.length > MAX_PROBLEMS) throw tooMany(this.#layout);
      this.#checkNode(name, found, descriptor);
      const { manifest } = found;
      const configured = manifest.kind === 'image' ? await this.#checkImage(name, manifest) : undefined;
      if (manifest.kind === 'image' && isRunnable(manifest))
        this.#docker.addImage(descriptor.digest, found.descriptor, manifest);
      if (found.descriptor !== descriptor) continue;
      node = found;
      platform = configured;
    }
    return { node, platform };
  }

  #checkNode(name: string, { descriptor, manifest }: ManifestNode, root: Descriptor): void {
    this.#order.add(descriptor, manifest);
    const children = manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest);
    for (const child of children) {
      this.#need(child, name, root.digest);
      if (child.urls?.length) this.#noteUrls(name, child);
    }
    // Those of the root are compared for each of its names.
    if (descriptor !== root && descriptor.mediaType !== manifest.mediaType)
      this.#problems.push({
        message: `${name}: ${typeMismatch(descriptor, manifest.mediaType)}`,
        entry: blobPath(descriptor),
      });
  }

  /** Reads the config of a runnable image, which decides what programs unpack. @returns its platform */
  async #checkImage(name: string, manifest: ImageManifest): Promise<Platform | undefined> {
    const { config } = manifest;
    if (!isRunnable(manifest) || this.#layout.sizeOf(config) === undefined) return undefined;
    const shared = this.#sharedConfigs.add(manifest);
    if (shared.problem)
      this.#problems.push({ message: `${name}: ${shared.problem}`, entry: blobPath(config) });
    if (shared.notice) this.#notices.add(`${name}: ${shared.notice}`);
    try {
      const where = { path: this.#layout.path, digest: config.digest };
      const { platform, diffIds } = parseConfig(await this.#layout.blob(config), where);
      this.#checkDiffIds(name, manifest, diffIds);
      return platform;
    } catch (error) {
      this.#reportError(name, config, error);
      return undefined;
    }
  }

  #checkDiffIds(name: string, manifest: ImageManifest, diffIds: readonly string[]): void {
    const mismatch = diffIdMismatch(manifest, diffIds);
    if (mismatch !== undefined) this.#problems.push(diffIdProblem(name, mismatch));
    else if (diffIds.length === 0 && manifest.layers.length > 0)
      this.#notices.add(
        `${name}: the config ${manifest.config.digest} has no diff_ids; no runtime unpacks it`,
      );
    for (const compressed of compressedLayers(manifest, diffIds))
      this.#compressed.set(`${compressed.layer.digest} ${compressed.diffId}`, { ...compressed, image: name });
  }

  #reportError(name: string, descriptor: Descriptor, error: unknown): void {
    if (!(error instanceof AirgapError)) throw error;
    const entry = blobPath(descriptor);
    // A missing blob is reported where it is needed.
    if (this.#layout.entries.has(entry)) this.#problems.push({ message: `${name}: ${error.message}`, entry });
  }

  #need(descriptor: Descriptor, by: string, root: Digest): void {
    const path = blobPath(descriptor);
    const file = this.#needed.get(path) ?? newFile();
    this.#needed.set(path, file);
    file.roots.add(root);
    if (file.size === descriptor.size) return;
    file.size = descriptor.size;
    const size = this.#layout.sizeOf(descriptor);
    if (size === descriptor.size || this.#layout.expects(descriptor)) return;
    const problem = size === undefined ? 'is missing' : `has ${size} bytes, expected ${descriptor.size}`;
    this.#problems.push({ message: `${descriptor.digest}, which ${by} needs, ${problem}`, entry: path });
  }

  #noteUrls(name: string, { digest }: Descriptor): void {
    this.#notices.add(
      `${name}: ${digest} has urls; the bundle contains it, and nothing is fetched from them`,
    );
  }
}

/** A config that does not fit the layers. It is not damaged: copying the bundle again does not help. */
export function diffIdProblem(image: string, mismatch: string): Problem {
  return { message: `${image}: ${mismatch}`, hint: DIFF_ID_HINT };
}

function newFile(): NeededFile {
  return { size: -1, roots: new Set() };
}

/** Checks that media type and platform in `index.json` match the manifest and its config. */
function rootProblems(descriptor: Descriptor, { node, platform: actual }: Root): string[] {
  if (node === undefined) return [];
  const { manifest } = node;
  const { mediaType, platform } = descriptor;
  const problems: string[] = [];
  if (mediaType !== manifest.mediaType) problems.push(typeMismatch(descriptor, manifest.mediaType));
  if (platform && manifest.kind === 'index')
    problems.push(`the index has the platform ${formatPlatform(platform)}, and programs may skip its images`);
  // Compared as JSON, which drops undefined fields.
  if (platform && actual && !isDeepStrictEqual(platform, JSON.parse(JSON.stringify(actual))))
    problems.push(`platform mismatch: expected ${formatPlatform(platform)}, got ${formatPlatform(actual)}`);
  return problems;
}

function tooMany({ path }: Layout): AirgapError {
  return new AirgapError('BUNDLE', `more than ${MAX_PROBLEMS} problems; the rest is not checked`, {
    where: { path },
  });
}

function typeMismatch({ mediaType }: Descriptor, actual: string): string {
  return `media type mismatch: expected ${mediaType}, got ${actual}`;
}
