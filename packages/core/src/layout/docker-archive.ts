import { parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { parseFrom } from '../oci/stored-document.ts';
import { Reference } from '../reference/reference.ts';
import { blobPath, dockerManifestEntry } from './documents.ts';
import type { Layout } from './layout.ts';

const DOCUMENT = 'manifest.json';

/** An image of `manifest.json`; fields of the wrong type are empty. */
interface DockerEntry {
  readonly fields: Fields;
  /** The entry as JSON. */
  readonly text: string;
  readonly config: string;
  readonly tags: readonly string[];
}

interface Fields {
  readonly Config?: unknown;
  readonly RepoTags?: unknown;
  readonly Layers?: unknown;
}

/** An image that docker's classic store may load. */
interface Candidate {
  readonly digest: Digest;
  readonly manifest: Pick<ImageManifest, 'config' | 'layers'>;
  /** The digests of its uncompressed layers; undefined when docker's classic store rejects it. */
  readonly diffIds: readonly string[] | undefined;
}

/**
 * Checks `manifest.json`. It repeats for docker's classic store what the manifests say, and no digest covers it. So
 * its images must be those of `index.json`, with the same layers and under the same names. In a bundle, each entry must
 * equal the one that a build would write, and every loadable name must be listed once.
 */
export class DockerArchive {
  readonly #layout: Layout;
  /** The digest that each name points to. */
  readonly #roots = new Map<string, Digest>();
  /** The images below each root, by the paths of their configs. */
  readonly #images = new Map<Digest, Map<string, Descriptor[]>>();
  /** All images, by the paths of their configs. */
  readonly #byConfig = new Map<string, Map<Digest, Descriptor>>();
  readonly #loadable = new Map<Digest, boolean>();
  /** The candidate that was read last: all of them may not fit into memory. */
  #last: Candidate | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  addName(name: string, root: Digest): void {
    this.#roots.set(name, root);
  }

  /** Adds a runnable image that is below a root. */
  addImage(root: Digest, { mediaType, digest, size }: Descriptor, manifest: ImageManifest): void {
    const config = blobPath(manifest.config);
    const image = { mediaType, digest, size };
    const below = this.#images.get(root) ?? new Map<string, Descriptor[]>();
    this.#images.set(root, below.set(config, [...(below.get(config) ?? []), image]));
    const all = this.#byConfig.get(config) ?? new Map<Digest, Descriptor>();
    this.#byConfig.set(config, all.set(digest, image));
  }

  /** @throws AirgapError `BUNDLE` when the document cannot be read */
  async problems(): Promise<string[]> {
    const document = await this.#layout.document(DOCUMENT);
    if (!Array.isArray(document)) return ['not a list of images'];
    const listed = document.map(dockerEntry);
    const problems: string[] = [];
    for (const entry of listed) {
      const problem = await this.#entryProblem(entry);
      if (problem !== undefined) problems.push(problem);
    }
    const tags = listed.flatMap(entry => entry.tags);
    for (const tag of duplicates(tags)) problems.push(`duplicate name ${tag}`);
    if (!this.#layout.isBuilt) return problems;
    if (duplicates(listed.map(({ text }) => text)).length > 0) problems.push('duplicate image');
    return problems.concat(
      await this.#missingNames(new Set(tags), new Set(listed.map(({ config }) => config))),
    );
  }

  async #entryProblem({ fields, text, config, tags }: DockerEntry): Promise<string | undefined> {
    for (const tag of tags) {
      const root = this.#roots.get(this.#nameOf(tag));
      if (root === undefined) return `the name ${tag} is not in index.json`;
      if (!this.#images.get(root)?.has(config))
        return `the name ${tag} points to a different image than in index.json`;
    }
    const images = [...(this.#byConfig.get(config)?.values() ?? [])];
    if (images.length === 0) return `no image of this bundle has the config ${JSON.stringify(config)}`;
    for (const image of images) if (await this.#matches(image, { fields, text, tags })) return undefined;
    return `the entry for ${config} does not match its manifest`;
  }

  /** Archives of other tools need not have the keys that a build writes; docker loads the layers only. */
  async #matches(
    image: Descriptor,
    { fields, text, tags }: Pick<DockerEntry, 'fields' | 'text' | 'tags'>,
  ): Promise<boolean> {
    const { manifest, diffIds } = await this.#candidate(image);
    if (!this.#layout.isBuilt)
      return JSON.stringify(fields.Layers ?? []) === JSON.stringify(manifest.layers.map(blobPath));
    return diffIds !== undefined && text === JSON.stringify(dockerManifestEntry(manifest, diffIds, tags));
  }

  /** Docker writes short names into manifest.json, and canonical ones into index.json. */
  #nameOf(tag: string): string {
    if (this.#roots.has(tag) || this.#layout.isBuilt) return tag;
    try {
      return Reference.parse(tag).toString();
    } catch {
      return tag;
    }
  }

  /** The names of loadable images that are not listed. A name with a digest is no tag: its image is listed without it. */
  async #missingNames(tags: ReadonlySet<string>, configs: ReadonlySet<string>): Promise<string[]> {
    const missing: string[] = [];
    for (const [name, root] of this.#roots) {
      const below = [...(this.#images.get(root) ?? [])];
      const isPinned = Reference.parse(name).digest !== undefined;
      const isListed = isPinned ? below.some(([config]) => configs.has(config)) : tags.has(name);
      if (!isListed && (await this.#isLoadable(below.flatMap(([, images]) => images))))
        missing.push(`the name ${name} is missing`);
    }
    return missing;
  }

  async #isLoadable(images: readonly Descriptor[]): Promise<boolean> {
    for (const image of images) {
      const known = this.#loadable.get(image.digest);
      const isLoadable = known ?? (await this.#candidate(image)).diffIds !== undefined;
      this.#loadable.set(image.digest, isLoadable);
      if (isLoadable) return true;
    }
    return false;
  }

  async #candidate(image: Descriptor): Promise<Candidate> {
    if (this.#last?.digest !== image.digest) this.#last = await this.#read(image);
    return this.#last;
  }

  async #read(image: Descriptor): Promise<Candidate> {
    const raw = await this.#layout.manifest(image);
    const origin = { path: this.#layout.path, digest: image.digest };
    const manifest = parseFrom(origin, () => parseManifest(raw)) as ImageManifest;
    return { digest: image.digest, manifest, diffIds: await this.#diffIdsOf(manifest) };
  }

  async #diffIdsOf({ config, layers }: Candidate['manifest']): Promise<readonly string[] | undefined> {
    if (this.#layout.sizeOf(config) === undefined) return undefined;
    const bytes = await this.#layout.blob(config);
    const where = { path: this.#layout.path, digest: config.digest };
    const { diffIds } = parseFrom(where, () => parseConfig(bytes, where));
    return diffIds.length === layers.length ? diffIds : undefined;
  }
}

function dockerEntry(entry: unknown): DockerEntry {
  const fields = (entry ?? {}) as Fields;
  const { Config: config, RepoTags: tags } = fields;
  return {
    fields,
    text: JSON.stringify(entry),
    config: typeof config === 'string' ? config : '',
    tags: Array.isArray(tags) ? tags.filter(tag => typeof tag === 'string') : [],
  };
}

function duplicates(texts: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) repeated.add(text);
    seen.add(text);
  }
  return [...repeated];
}
