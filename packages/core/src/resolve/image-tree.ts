import { AirgapError } from '../model/errors.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import {
  type ImageManifest,
  type Index,
  isAttestation,
  isRunnable,
  MAX_MANIFEST_BYTES,
  type Manifest,
  manifestsOf,
  parseManifest,
  type RawManifest,
  tooManyManifestBytes,
} from '../oci/manifest.ts';
import { isImageConfigType } from '../oci/media-type.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { bestMatches, equalMatches } from '../oci/platform-match.ts';
import type { Reference } from '../reference/reference.ts';
import type { ImageSource } from '../store/image-source.ts';
import { missingChild } from './missing-child.ts';
import { readConfig } from './read-config.ts';

/** The limit of nested indexes; real indexes are not nested that deep. */
const MAX_DEPTH = 4;
/** The limit of manifests of one image. */
const MAX_MANIFESTS = 1000;

/** A manifest with the children that were read. */
export interface ImageNode {
  readonly raw: RawManifest;
  /** As in its index, with the size that it has. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly children: readonly ImageNode[];
  /** Set when it was read to find the platform. */
  readonly config?: ImageConfig | undefined;
  /** The size in its index, in bytes, if that is wrong. */
  readonly wrongSize?: number | undefined;
}

export interface ImageTreeOptions {
  readonly source: ImageSource;
  readonly reference: Reference;
  /** The platforms to read; undefined for everything. */
  readonly requested: readonly Platform[] | undefined;
  /** The platforms that a name with a digest is meant for. */
  readonly preferred: readonly Platform[];
}

/** Reads the manifests of an image: an index, and those of its children that are for the requested platforms. */
export class ImageTree {
  /** What the user should know about the index. */
  readonly notices: string[] = [];
  readonly #options: ImageTreeOptions;
  #manifests = 0;
  /** The size of the manifests that were read or are being read. */
  #bytes = 0;

  constructor(options: ImageTreeOptions) {
    this.#options = options;
  }

  /** @throws AirgapError `NOT_FOUND` or `DENIED` for a missing child, `REGISTRY`, `UNSUPPORTED`, and those of the source */
  async read(raw: RawManifest, descriptor: Descriptor, depth = 0): Promise<ImageNode> {
    const manifest = parseManifest(raw);
    if (manifest.kind === 'image') return this.#readImage(raw, descriptor, manifest, depth);
    const selected = this.#selected(manifest);
    this.#manifests += selected.length;
    this.#count(selected.reduce((sum, { size }) => sum + size, 0));
    if (depth >= MAX_DEPTH || this.#manifests > MAX_MANIFESTS) throw tooLarge(raw.digest);
    const children = await Promise.all(
      selected.map(child => this.#readChild(child, raw.digest, manifest, depth + 1)),
    );
    return { raw, descriptor, manifest, children: children.flatMap(child => child ?? []) };
  }

  /** @throws AirgapError `UNSUPPORTED` */
  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > MAX_MANIFEST_BYTES) throw tooManyManifestBytes('UNSUPPORTED');
  }

  /** Reads an image. If it is in an index without its platform, the platform comes from the config. */
  async #readImage(
    raw: RawManifest,
    descriptor: Descriptor,
    manifest: ImageManifest,
    depth: number,
  ): Promise<ImageNode> {
    const node = { raw, descriptor, manifest, children: [] };
    if (depth === 0 || descriptor.platform || !isRunnable(manifest)) return node;
    const { source, reference } = this.#options;
    const config = await readConfig(source, reference, manifest.config);
    if (!config.platform) return { ...node, config };
    return { ...node, config, descriptor: { ...descriptor, platform: { ...config.platform } } };
  }

  /** @returns undefined for an attestation that was deleted, unless the complete index is needed */
  async #readChild(
    descriptor: Descriptor,
    parent: Digest,
    index: Index,
    depth: number,
  ): Promise<ImageNode | undefined> {
    const { source, reference, preferred } = this.#options;
    try {
      const raw = await source.manifest(descriptor);
      const size = raw.bytes.length;
      // The index may name a smaller size.
      this.#count(Math.max(0, size - descriptor.size));
      const node = await this.read(raw, { ...descriptor, mediaType: raw.mediaType, size }, depth);
      return size === descriptor.size ? node : { ...node, wrongSize: descriptor.size };
    } catch (error) {
      if (!isMissing(error, descriptor)) throw error;
      if (reference.digest !== undefined || !isAttestation(descriptor))
        throw missingChild(error, descriptor, { reference, parent, index, preferred });
      this.notices.push(
        `the index ${parent} lacks its attestation ${descriptor.digest} (${error.message}); the image is taken without attestations`,
      );
      return undefined;
    }
  }

  /** The children to read: all of them if all images are requested, else only the images. */
  #selected(index: Index): readonly Descriptor[] {
    const { requested } = this.#options;
    const entries = manifestsOf(index);
    if (requested === undefined) return entries;
    const images = entries.filter(entry => !isAttestation(entry));
    const matches = requested.map(platform => bestMatches(images, platform));
    this.#reportEqual(images, requested);
    // An entry without a platform may be an index, or an image with the platform in its config.
    const unnamed = matches.some(({ length }) => length === 0) ? images.filter(hasUnknownPlatform) : [];
    const chosen = new Set([...matches.flat(), ...unnamed]);
    const others = index.manifests.filter(entry => !chosen.has(entry));
    return others.every(isAttestation) ? entries : [...chosen];
  }

  #reportEqual(images: readonly Descriptor[], requested: readonly Platform[]): void {
    for (const platform of requested) {
      const chosen = new Set(bestMatches(images, platform));
      const digests = new Set(equalMatches(images, platform).map(({ digest }) => digest));
      if (digests.size <= chosen.size) continue;
      const taken = [...chosen].map(({ digest }) => digest).join(', ');
      this.notices.push(
        `the index has ${digests.size} images for ${formatPlatform(platform)}; took ${taken}, which comes first`,
      );
    }
  }
}

/** Whether a registry does not have this child, or does not serve it. */
function isMissing(error: unknown, { digest }: Descriptor): error is AirgapError {
  if (!(error instanceof AirgapError) || error.where.digest !== digest) return false;
  return error.code === 'NOT_FOUND' || error.code === 'DENIED';
}

/** An artifact has no platform: it is not read to look for one. */
function hasUnknownPlatform({ platform, artifactType }: Descriptor): boolean {
  return platform === undefined && (!artifactType || isImageConfigType(artifactType));
}

function tooLarge(digest: Digest): AirgapError {
  return new AirgapError('REGISTRY', 'the index is nested too deeply or has too many children', {
    where: { digest },
    hint: `Rebuild the image with at most ${MAX_MANIFESTS} manifests and ${MAX_DEPTH} nested indexes.`,
  });
}
