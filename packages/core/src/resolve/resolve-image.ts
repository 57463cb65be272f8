import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { DIFF_ID_HINT, diffIdMismatch } from '../oci/diff-ids.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import {
  blobsOfManifest,
  descriptorOf,
  type Index,
  isAttestation,
  isRunnable,
  manifestsOf,
  type RawManifest,
} from '../oci/manifest.ts';
import { DEFAULT_PLATFORMS, formatPlatform, type Platform, type PlatformChoice } from '../oci/platform.ts';
import { bestMatches, isSameArchitecture, matchesPlatform } from '../oci/platform-match.ts';
import type { Reference } from '../reference/reference.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { type ImageNode, ImageTree } from './image-tree.ts';
import { nameNotFound } from './name-not-found.ts';
import { readConfig } from './read-config.ts';
import type { PlatformImage, ResolvedImage } from './resolved-image.ts';

/**
 * Resolves a name and reads every manifest and config that a bundle needs for it.
 *
 * The original index is preserved when the name has its digest, or when all its platforms are selected. Otherwise a
 * single selected platform replaces the index, and several get a new index. An index with missing children is never
 * written: strict registries and containerd reject it.
 *
 * @param pinned the digest that the name is locked to; what the name points to in the registry then does not matter
 * @throws AirgapError `NOT_FOUND` for a missing platform, with the available ones; `UNSUPPORTED` for schema 1; and the
 * errors of the source
 */
export async function resolveImage(
  source: ImageSource,
  name: Reference,
  choice: PlatformChoice,
  onEvent: OnEvent = () => {},
  pinned?: Digest,
): Promise<ResolvedImage> {
  const reference = name.canonical();
  if (pinned !== undefined) {
    const raw = await readPinned(source, reference, pinned);
    return resolveManifest(source, reference, raw, choice, onEvent);
  }
  const root = await source.resolve(reference);
  if (root === undefined) throw await nameNotFound(source, reference);
  return resolveManifest(source, reference, await source.manifest(root), choice, onEvent);
}

/** Reads a manifest by its digest. @throws AirgapError `NOT_FOUND` when it no longer exists */
export async function readPinned(source: ImageSource, name: Reference, digest: Digest): Promise<RawManifest> {
  const root = await source.resolve(name.withDigest(digest));
  if (root === undefined) throw pinnedNotFound(source, name, digest);
  return source.manifest(root);
}

/** Resolves the manifest of a name like {@link resolveImage}. @param reference in canonical form */
export async function resolveManifest(
  source: ImageSource,
  reference: Reference,
  raw: RawManifest,
  choice: PlatformChoice,
  onEvent: OnEvent = () => {},
): Promise<ResolvedImage> {
  const resolver = new Resolver(source, reference, choice);
  try {
    const image = await resolver.resolve(raw);
    for (const notice of resolver.notices) onEvent({ type: 'notice', message: `${reference}: ${notice}` });
    return image;
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ image: reference.toString() }) : error;
  }
}

class Resolver {
  readonly #source: ImageSource;
  readonly #reference: Reference;
  readonly #choice: PlatformChoice;
  /** The platforms to select; undefined for everything: `--platform all`, or a name with a digest. */
  readonly #requested: readonly Platform[] | undefined;
  readonly #tree: ImageTree;

  constructor(source: ImageSource, reference: Reference, choice: PlatformChoice) {
    this.#source = source;
    this.#reference = reference;
    this.#choice = choice;
    this.#requested = choice === 'all' || reference.digest !== undefined ? undefined : choice;
    const preferred = choice === 'all' ? (DEFAULT_PLATFORMS as readonly Platform[]) : choice;
    this.#tree = new ImageTree({ source, reference, requested: this.#requested, preferred });
  }

  /** What the user should know about the image. */
  get notices(): readonly string[] {
    return this.#tree.notices;
  }

  async resolve(raw: RawManifest): Promise<ResolvedImage> {
    const root = await this.#tree.read(raw, descriptorOf(raw));
    const selected = this.#select(root);
    const nodes = distinct(flatten(selected));
    const loaded = await Promise.all(nodes.map(node => this.#load(node)));
    const images = loaded.flatMap(entry => (entry ? [entry.image] : []));
    if (root.manifest.kind === 'image') this.#checkPlatform(images[0]?.platform);
    return {
      reference: this.#reference,
      requested: this.#choice,
      resolved: raw.digest,
      isAttested: root.manifest.kind === 'index' && root.manifest.manifests.some(isAttestation),
      root: withPlatform(selected.descriptor, images),
      manifests: nodes.map(node => node.raw),
      images,
      otherBlobs: nodes.flatMap(({ manifest }) =>
        manifest.kind === 'index' ? blobsOfManifest(manifest) : [],
      ),
      configs: loaded.flatMap(entry => (entry?.config ? [entry.config] : [])),
    };
  }

  /** Returns the root of the image in the bundle: the original one, one of its images, or a new index. */
  #select(root: ImageNode): ImageNode {
    const { manifest } = root;
    if (manifest.kind === 'image') return root;
    const images = this.#chooseImages(root);
    if (this.#keepsIndex(root, new Set(images))) return root;
    for (const image of images) this.#reportSize(image);
    const [first] = images;
    return images.length === 1 && first ? first : newIndex(manifest.mediaType, images);
  }

  /** The images to take: all of them, or those for the requested platforms, in the order of the platforms. */
  #chooseImages(root: ImageNode): ImageNode[] {
    const images = flatten(root).filter(isImage);
    if (this.#requested === undefined) return images;
    const candidates = images.map(node => ({ node, platform: node.descriptor.platform }));
    const chosen = this.#requested.flatMap(requested => {
      const matches = bestMatches(candidates, requested);
      const platforms = matches.flatMap(({ platform }) => platform ?? []);
      if (platforms.length === 0) throw missingPlatform(requested, platformsOf(root));
      this.#reportMatches(requested, platforms);
      return matches.map(({ node }) => node);
    });
    return [...new Set(chosen)];
  }

  /** Whether the original index is preserved: everything in it is selected and there. @throws AirgapError `CONTENT` for a wrong size */
  #keepsIndex(root: ImageNode, images: ReadonlySet<ImageNode>): boolean {
    if (!isComplete(root, images, this.#requested === undefined)) return false;
    const wrong = flatten(root).find(({ wrongSize }) => wrongSize !== undefined);
    if (wrong !== undefined) throw sizeMismatch(wrong, this.#reference);
    return true;
  }

  #reportSize({ descriptor, wrongSize }: ImageNode): void {
    if (wrongSize === undefined) return;
    this.#tree.notices.push(
      `the index has a wrong size for ${descriptor.digest}: ${wrongSize} bytes instead of ${descriptor.size}; the image is taken without the index`,
    );
  }

  /** Reports what is not obvious from the requested platform. */
  #reportMatches(requested: Platform, found: readonly Platform[]): void {
    const names = found.map(formatPlatform).join(', ');
    const platform = formatPlatform(requested);
    if (found.length > 1)
      this.#tree.notices.push(
        `took ${found.length} images for ${platform}: ${names}; select one version with --platform, for example ${formatPlatform(found[0] ?? requested)}`,
      );
    if (found.some(actual => !isSameArchitecture(requested, actual)))
      this.#tree.notices.push(`no image for ${platform}; took ${names}, which containerd runs there as well`);
  }

  async #load({ manifest, descriptor, config: alreadyRead }: ImageNode) {
    if (manifest.kind === 'index') return undefined;
    if (!isRunnable(manifest)) {
      const { platform } = descriptor;
      return { image: { descriptor, manifest, platform, configured: undefined, diffIds: [] } };
    }
    const config = alreadyRead ?? (await readConfig(this.#source, this.#reference, manifest.config));
    const { diffIds, platform: configured, osVersion } = config;
    const mismatch = diffIdMismatch(manifest, diffIds);
    if (mismatch !== undefined)
      throw new AirgapError('UNSUPPORTED', mismatch, {
        where: { digest: descriptor.digest },
        hint: DIFF_ID_HINT,
      });
    const platform = descriptor.platform ?? (configured && { ...configured, 'os.version': osVersion });
    const image: PlatformImage = { descriptor, manifest, platform, configured, diffIds };
    return { image, config: { digest: manifest.config.digest, bytes: config.bytes } };
  }

  /** Checks that the platform of an image without an index satisfies every requested one. */
  #checkPlatform(platform: Platform | undefined): void {
    if (!platform) return;
    for (const requested of this.#requested ?? []) {
      if (!matchesPlatform(requested, platform)) throw missingPlatform(requested, [formatPlatform(platform)]);
      this.#reportMatches(requested, [platform]);
    }
  }
}

function isImage({ manifest, descriptor }: ImageNode): boolean {
  return manifest.kind === 'image' && !isAttestation(descriptor);
}

/** Whether every entry below an index was read, and every image was chosen. @param withBlobs whether it may have other blobs */
function isComplete(node: ImageNode, images: ReadonlySet<ImageNode>, withBlobs: boolean): boolean {
  const { manifest, children, descriptor } = node;
  if (manifest.kind === 'image') return images.has(node) || isAttestation(descriptor);
  const found = new Set(children.map(({ raw }) => raw.digest));
  const entries = withBlobs ? manifestsOf(manifest) : manifest.manifests;
  return (
    entries.every(({ digest }) => found.has(digest)) &&
    children.every(child => isComplete(child, images, withBlobs))
  );
}

/** Creates an index of the selected images with the media type of the original index. */
function newIndex(mediaType: string, children: readonly ImageNode[]): ImageNode {
  const manifests = children.map(({ descriptor }) => descriptor);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const raw = { mediaType, digest: digestOf(bytes), bytes };
  return { raw, descriptor: descriptorOf(raw), manifest: { kind: 'index', mediaType, manifests }, children };
}

function flatten(node: ImageNode): ImageNode[] {
  return [node, ...node.children.flatMap(flatten)];
}

function distinct(nodes: readonly ImageNode[]): ImageNode[] {
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
function platformsOf(root: ImageNode): string[] {
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
    hint: 'Select an available platform with --platform, or for this image alone under platforms: in airgap.yaml.',
  });
}

function sizeMismatch({ descriptor: { digest, size }, wrongSize }: ImageNode, name: Reference): AirgapError {
  const message = `manifest size mismatch: the index has ${wrongSize} bytes, got ${size}`;
  const hint =
    name.digest === undefined
      ? 'Push the image again, or select fewer platforms with --platform.'
      : `Use ${name.name}@${digest} for this platform alone, or push the image again.`;
  return new AirgapError('CONTENT', message, { where: { digest }, hint });
}

function pinnedNotFound({ origin }: ImageSource, name: Reference, digest: Digest): AirgapError {
  return new AirgapError('NOT_FOUND', `the locked digest does not exist in ${name.name}`, {
    where: { image: name.toString(), digest, ...origin },
    hint: 'Check the digest in the lock; if the image was deleted, run airgap lock --update.',
  });
}
