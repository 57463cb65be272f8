import { nearest } from '../model/closest.ts';
import { AirgapError } from '../model/errors.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  descriptorOf,
  type ImageManifest,
  type Index,
  isAttestation,
  isRunnable,
  parseManifest,
  type RawManifest,
} from '../oci/manifest.ts';
import { formatPlatform, matchesPlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import type { ImageSource } from '../store/image-source.ts';
import { readConfig } from './read-config.ts';
import type { PlatformImage, ResolvedImage } from './resolved-image.ts';

/** The limit of nested indexes; real indexes are not nested that deep. */
const MAX_DEPTH = 4;
/** The limit of manifests of one image. */
const MAX_MANIFESTS = 1000;

/** A manifest with its selected children. */
interface Node {
  readonly raw: RawManifest;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest | Index;
  readonly children: readonly Node[];
  /** Set when it was read to find the platform. */
  readonly config?: ImageConfig | undefined;
}

/**
 * Resolves a name and reads every manifest and config that a bundle needs for it.
 *
 * The original index is preserved when the name has its digest, or when all its platforms are selected. Otherwise a
 * single selected platform replaces the index, and several get a new index. An index with missing children is never
 * written: strict registries and containerd reject it.
 *
 * @throws AirgapError `NOT_FOUND` for a missing platform, with the available ones; `UNSUPPORTED` for schema 1; and the
 * errors of the source
 */
export async function resolveImage(
  source: ImageSource,
  name: Reference,
  choice: PlatformChoice,
): Promise<ResolvedImage> {
  const reference = name.canonical();
  const root = await source.resolve(reference);
  if (root === undefined) throw await nameNotFound(source, reference);
  return resolveManifest(source, reference, await source.manifest(root), choice);
}

/** Resolves the manifest of a name like {@link resolveImage}. @param reference in canonical form */
export async function resolveManifest(
  source: ImageSource,
  reference: Reference,
  raw: RawManifest,
  choice: PlatformChoice,
): Promise<ResolvedImage> {
  const resolver = new Resolver(source, reference, choice);
  try {
    return await resolver.resolve(raw);
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ image: reference.toString() }) : error;
  }
}

class Resolver {
  readonly #source: ImageSource;
  readonly #reference: Reference;
  readonly #choice: PlatformChoice;
  #manifests = 0;

  constructor(source: ImageSource, reference: Reference, choice: PlatformChoice) {
    this.#source = source;
    this.#reference = reference;
    this.#choice = choice;
  }

  async resolve(raw: RawManifest): Promise<ResolvedImage> {
    const root = await this.#read(raw, descriptorOf(raw), 0);
    const selected = this.#select(root);
    const nodes = distinct(flatten(selected));
    const loaded = await Promise.all(nodes.map(node => this.#load(node)));
    const images = loaded.flatMap(entry => (entry ? [entry.image] : []));
    if (root.manifest.kind === 'image') this.#checkPlatform(images[0]?.platform);
    return {
      reference: this.#reference,
      resolved: raw.digest,
      isAttested: root.manifest.kind === 'index' && root.manifest.manifests.some(isAttestation),
      root: withPlatform(selected.descriptor, images),
      manifests: nodes.map(node => node.raw),
      images,
      configs: loaded.flatMap(entry => (entry?.config ? [entry.config] : [])),
    };
  }

  async #read(raw: RawManifest, descriptor: Descriptor, depth: number): Promise<Node> {
    const manifest = parseManifest(raw);
    if (manifest.kind === 'image') return this.#readImage(raw, descriptor, manifest, depth);
    const selected = this.#candidates(manifest);
    this.#manifests += selected.length;
    if (depth >= MAX_DEPTH || this.#manifests > MAX_MANIFESTS) throw tooLarge(raw.digest);
    const children = await Promise.all(selected.map(child => this.#readChild(child, depth + 1)));
    return { raw, descriptor, manifest, children };
  }

  /** Reads an image. If it is in an index without its platform, the platform comes from the config. */
  async #readImage(
    raw: RawManifest,
    descriptor: Descriptor,
    manifest: ImageManifest,
    depth: number,
  ): Promise<Node> {
    const node = { raw, descriptor, manifest, children: [] };
    if (depth === 0 || descriptor.platform || !isRunnable(manifest)) return node;
    const config = await readConfig(this.#source, this.#reference, manifest.config);
    if (!config.platform) return { ...node, config };
    return { ...node, config, descriptor: { ...descriptor, platform: { ...config.platform } } };
  }

  async #readChild(descriptor: Descriptor, depth: number): Promise<Node> {
    const raw = await this.#source.manifest(descriptor);
    if (raw.bytes.length !== descriptor.size) throw sizeMismatch(descriptor, raw.bytes.length);
    return this.#read(raw, descriptor, depth);
  }

  /** The platforms to select; undefined for everything: `--platform all`, or a name with a digest. */
  get #requested(): readonly Platform[] | undefined {
    return this.#choice === 'all' || this.#reference.digest !== undefined ? undefined : this.#choice;
  }

  #isRequested(platform: Platform): boolean {
    return this.#requested?.some(requested => matchesPlatform(requested, platform)) ?? true;
  }

  /** Whether the original index is preserved: everything in it is selected. */
  #keepsIndex({ manifests }: Index): boolean {
    if (this.#requested === undefined) return true;
    return manifests.every(
      child => isAttestation(child) || (child.platform !== undefined && this.#isRequested(child.platform)),
    );
  }

  /** The children to read. A child without a platform may be an index, or an image with the platform in its config. */
  #candidates(index: Index): readonly Descriptor[] {
    if (this.#keepsIndex(index)) return index.manifests;
    const images = index.manifests.filter(child => !isAttestation(child));
    return images.filter(({ platform }) => platform === undefined || this.#isRequested(platform));
  }

  /** Returns the root of the image in the bundle: the original one, one of its images, or a new index. */
  #select(root: Node): Node {
    const { manifest } = root;
    if (manifest.kind === 'image' || this.#requested === undefined) return root;
    const images = firstPerPlatform(root, this.#requested);
    if (this.#keepsIndex(manifest)) return root;
    const [first] = images;
    return images.length === 1 && first ? first : newIndex(manifest.mediaType, images);
  }

  async #load({ manifest, descriptor, config: alreadyRead }: Node) {
    if (manifest.kind === 'index') return undefined;
    if (!isRunnable(manifest)) {
      const { platform } = descriptor;
      return { image: { descriptor, manifest, platform, configured: undefined, diffIds: [] } };
    }
    const config = alreadyRead ?? (await readConfig(this.#source, this.#reference, manifest.config));
    const { diffIds, platform: configured } = config;
    const platform = descriptor.platform ?? configured;
    const image: PlatformImage = { descriptor, manifest, platform, configured, diffIds };
    return { image, config: { digest: manifest.config.digest, bytes: config.bytes } };
  }

  /** Checks that the platform of an image without an index satisfies every requested one. */
  #checkPlatform(platform: Platform | undefined): void {
    if (!platform) return;
    const unmet = this.#requested?.find(requested => !matchesPlatform(requested, platform));
    if (unmet) throw missingPlatform(unmet, [formatPlatform(platform)]);
  }
}

/** Returns the first image for each platform, in the order of the platforms. @throws AirgapError `NOT_FOUND` */
function firstPerPlatform(root: Node, platforms: readonly Platform[]): Node[] {
  const images = flatten(root).filter(
    node => node.manifest.kind === 'image' && !isAttestation(node.descriptor),
  );
  const found = new Set<Node>();
  for (const requested of platforms) {
    const match = images.find(
      ({ descriptor }) => descriptor.platform && matchesPlatform(requested, descriptor.platform),
    );
    if (!match) throw missingPlatform(requested, platformsOf(root));
    found.add(match);
  }
  return [...found];
}

/** Creates an index of the selected images with the media type of the original index. */
function newIndex(mediaType: string, children: readonly Node[]): Node {
  const manifests = children.map(({ descriptor }) => descriptor);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const raw = { mediaType, digest: digestOf(bytes), bytes };
  return { raw, descriptor: descriptorOf(raw), manifest: { kind: 'index', mediaType, manifests }, children };
}

function flatten(node: Node): Node[] {
  return [node, ...node.children.flatMap(flatten)];
}

function distinct(nodes: readonly Node[]): Node[] {
  return [...new Map(nodes.map(node => [node.raw.digest as Digest, node])).values()];
}

/** Adds the platform from the config to the descriptor of a root that is an image, as an index would have it. */
function withPlatform(root: Descriptor, images: readonly PlatformImage[]): Descriptor {
  const platform = images.find(({ descriptor }) => descriptor.digest === root.digest)?.configured;
  const { mediaType, digest, size } = root;
  const descriptor = { mediaType, digest, size };
  return platform ? { ...descriptor, platform: { ...platform } } : descriptor;
}

/** Returns the platforms in an index, and in the configs of its images. */
function platformsOf(root: Node): string[] {
  const read = flatten(root).map(({ descriptor }) => descriptor);
  const named = [...(root.manifest as Index).manifests, ...read].filter(
    child => !isAttestation(child) && child.platform,
  );
  return [...new Set(named.map(child => formatPlatform(child.platform as Platform)))];
}

function missingPlatform(requested: Platform, available: readonly string[]): AirgapError {
  const list = available.length > 0 ? available.join(', ') : 'no known platform';
  const platform = formatPlatform(requested);
  return new AirgapError('NOT_FOUND', `the image has no ${platform}; it has ${list}`, {
    where: { platform },
    hint: 'Select an available platform with --platform, or all of them with --platform all.',
  });
}

function sizeMismatch({ digest, size }: Descriptor, actual: number): AirgapError {
  const message = `manifest size mismatch: the index has ${size} bytes, got ${actual}`;
  return new AirgapError('CONTENT', message, { where: { digest } });
}

function tooLarge(digest: Digest): AirgapError {
  return new AirgapError('REGISTRY', 'the index is nested too deeply or has too many children', {
    where: { digest },
    hint: `Rebuild the image with at most ${MAX_MANIFESTS} manifests and ${MAX_DEPTH} nested indexes.`,
  });
}

/** Tags that an error names. */
const MAX_TAGS = 3;

async function nameNotFound(source: ImageSource, name: Reference): Promise<AirgapError> {
  const tag = name.digest === undefined ? name.effectiveTag : undefined;
  const what = tag === undefined ? `manifest ${name.digest}` : `tag ${tag}`;
  const others = tag === undefined ? '' : await otherTags(source, tag);
  return new AirgapError('NOT_FOUND', `${name.name} has no ${what}${others}`, {
    where: { image: name.toString(), ...source.origin },
    hint: 'Check the name and the tag; without credentials, a registry may hide private images this way.',
  });
}

/** Names the tags that are most like a missing one. */
async function otherTags(source: ImageSource, tag: string): Promise<string> {
  const tags = (await source.tags?.()) ?? [];
  if (tags.length === 0) return '';
  const shown = nearest(tag, tags, MAX_TAGS).join(', ');
  return `; it has ${shown}${tags.length > MAX_TAGS ? ` and ${tags.length - MAX_TAGS} more` : ''}`;
}
