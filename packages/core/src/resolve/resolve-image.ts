import { AirgapError } from '../model/errors.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
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

/** Deeper than any index that has been seen; a registry could nest them for ever. */
const MAX_DEPTH = 4;
/** The most manifests that one name may stand for. */
const MAX_MANIFESTS = 1000;

/** An index with its children read, as far down as they were wanted. */
interface Node {
  readonly raw: RawManifest;
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest | Index;
  readonly children: readonly Node[];
  /** Read where only it knows the platform. */
  readonly config?: ImageConfig | undefined;
}

/**
 * Finds out what a name stands for, and reads every manifest and config that the bundle needs for it.
 *
 * A name pinned to an index keeps the whole index, and so does one whose every platform was chosen. Of any other
 * index only the chosen platforms are taken: one of them stands for the name itself, several get an index of
 * their own. An index with children missing is never made: strict registries and containerd refuse it.
 *
 * @throws AirgapError `NOT_FOUND` when a platform is missing, with the ones that are there; `UNSUPPORTED` for
 * schema 1; and what the source throws
 */
export async function resolveImage(
  source: ImageSource,
  name: Reference,
  choice: PlatformChoice,
): Promise<ResolvedImage> {
  const reference = name.canonical();
  return resolveManifest(source, reference, await source.manifest(reference), choice);
}

/** Finds out what a manifest needs that a name stands for. @param reference in canonical form @throws as {@link resolveImage} */
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
    const kept = root.manifest.kind === 'index' ? this.#choose(root) : root;
    const nodes = distinct(flatten(kept));
    const loaded = await Promise.all(nodes.map(node => this.#load(node)));
    const images = loaded.flatMap(one => (one ? [one.image] : []));
    if (root.manifest.kind === 'image') this.#checkSingle(images);
    return {
      reference: this.#reference,
      resolved: raw.digest,
      isAttested: root.manifest.kind === 'index' && root.manifest.manifests.some(isAttestation),
      root: withPlatform(kept.descriptor, images),
      manifests: nodes.map(node => node.raw),
      images,
      configs: loaded.flatMap(one => (one?.config ? [one.config] : [])),
    };
  }

  async #read(raw: RawManifest, descriptor: Descriptor, depth: number): Promise<Node> {
    const manifest = parseManifest(raw);
    if (manifest.kind === 'image') return this.#readImage(raw, descriptor, manifest, depth);
    const wanted = this.#keepsAll(manifest)
      ? manifest.manifests
      : manifest.manifests.filter(child => this.#mayHold(child));
    this.#manifests += wanted.length;
    if (depth >= MAX_DEPTH || this.#manifests > MAX_MANIFESTS) {
      throw new AirgapError('REGISTRY', 'the index is nested too deep or has too many children', {
        where: { digest: raw.digest },
        hint: `At most ${MAX_MANIFESTS} manifests are taken, ${MAX_DEPTH} indexes deep; ask whoever built the image.`,
      });
    }
    const children = await Promise.all(
      wanted.map(async child => this.#read(await this.#child(child), child, depth + 1)),
    );
    return { raw, descriptor, manifest, children };
  }

  /** An image of an index that does not say its platform says it in its config. */
  async #readImage(
    raw: RawManifest,
    descriptor: Descriptor,
    manifest: ImageManifest,
    depth: number,
  ): Promise<Node> {
    const node = { raw, descriptor, manifest, children: [] };
    if (depth === 0 || descriptor.platform || !isRunnable(manifest)) return node;
    const config = await readConfig(this.#source, this.#reference, manifest.config);
    const { platform } = config;
    return {
      ...node,
      config,
      descriptor: platform ? { ...descriptor, platform: { ...platform } } : descriptor,
    };
  }

  async #child(descriptor: Descriptor): Promise<RawManifest> {
    const raw = await this.#source.manifest(this.#reference, descriptor.digest);
    if (raw.bytes.length === descriptor.size) return raw;
    throw new AirgapError(
      'CONTENT',
      `a manifest has ${raw.bytes.length} bytes where its index promises ${descriptor.size}`,
      {
        where: { digest: descriptor.digest },
      },
    );
  }

  /** A whole index: pinned by digest, everything asked for, or nothing in it that was not chosen. */
  #keepsAll(index: Index): boolean {
    if (this.#choice === 'all' || this.#reference.digest !== undefined) return true;
    return index.manifests.every(
      child => isAttestation(child) || this.#chosenBy(child.platform) !== undefined,
    );
  }

  /** A child without a platform may be an index, or an image whose platform only its config knows. */
  #mayHold(child: Descriptor): boolean {
    return (
      !isAttestation(child) && (child.platform === undefined || this.#chosenBy(child.platform) !== undefined)
    );
  }

  #chosenBy(platform: Platform | undefined): Platform | undefined {
    if (platform === undefined || this.#choice === 'all') return undefined;
    return this.#choice.find(wanted => matchesPlatform(wanted, platform));
  }

  #choose(root: Node): Node {
    const index = root.manifest as Index;
    if (this.#keepsAll(index)) {
      if (this.#choice !== 'all' && this.#reference.digest === undefined) this.#pick(root);
      return root;
    }
    const picked = this.#pick(root);
    const [only] = picked;
    return picked.length === 1 && only ? only : newIndex(index.mediaType, picked);
  }

  /** The first image for each platform asked for, in the order in which they were asked for. */
  #pick(root: Node): Node[] {
    const candidates = flatten(root).filter(
      node => node.manifest.kind === 'image' && !isAttestation(node.descriptor),
    );
    const picked: Node[] = [];
    for (const wanted of this.#choice as readonly Platform[]) {
      const match = candidates.find(
        ({ descriptor }) => descriptor.platform && matchesPlatform(wanted, descriptor.platform),
      );
      if (!match) throw missing(wanted, platformsOf(root));
      if (!picked.includes(match)) picked.push(match);
    }
    return picked;
  }

  async #load({ manifest, descriptor, config: known }: Node) {
    if (manifest.kind === 'index') return undefined;
    if (!isRunnable(manifest))
      return {
        image: { descriptor, manifest, platform: descriptor.platform, configured: undefined, diffIds: [] },
      };
    const config = known ?? (await readConfig(this.#source, this.#reference, manifest.config));
    const platform = descriptor.platform ?? config.platform;
    const { diffIds, platform: configured } = config;
    const image: PlatformImage = { descriptor, manifest, platform, configured, diffIds };
    return { image, config: { digest: manifest.config.digest, bytes: config.bytes } };
  }

  /** A name that stands for one image has one platform, which must be every one that was asked for. */
  #checkSingle([image]: readonly PlatformImage[]): void {
    const platform = image?.platform;
    if (!platform || this.#choice === 'all' || this.#reference.digest !== undefined) return;
    const unmet = this.#choice.find(wanted => !matchesPlatform(wanted, platform));
    if (unmet) throw missing(unmet, [formatPlatform(platform)]);
  }
}

function descriptorOf({ mediaType, digest, bytes }: RawManifest): Descriptor {
  return { mediaType, digest, size: bytes.length };
}

/** A new index over the chosen platforms, in the media type of the one that they come from. */
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

/** A root that is an image says its platform, as an index would for it: what its config says, for that has a digest. */
function withPlatform(root: Descriptor, images: readonly PlatformImage[]): Descriptor {
  const platform = images.find(({ descriptor }) => descriptor.digest === root.digest)?.configured;
  const { mediaType, digest, size } = root;
  return platform ? { mediaType, digest, size, platform: { ...platform } } : { mediaType, digest, size };
}

/** What an index says, and what the configs of its images say. */
function platformsOf(root: Node): string[] {
  const read = flatten(root).map(({ descriptor }) => descriptor);
  const named = [...(root.manifest as Index).manifests, ...read].filter(
    child => !isAttestation(child) && child.platform,
  );
  return [...new Set(named.map(child => formatPlatform(child.platform as Platform)))];
}

function missing(wanted: Platform, there: readonly string[]): AirgapError {
  const has = there.length > 0 ? there.join(', ') : 'no platform at all';
  const platform = formatPlatform(wanted);
  return new AirgapError('NOT_FOUND', `the image has no ${platform}; it has ${has}`, {
    where: { platform },
    hint: `Choose one of them with --platform, or all of them with --platform all.`,
  });
}
