import type { ManifestNode } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { runAll } from '../model/run-all.ts';
import type { ImageConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { isRunnable, type Manifest, manifestsOf, parseManifest, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { readConfig } from '../resolve/read-config.ts';
import type { PlatformImage } from '../resolve/resolved-image.ts';
import type { ImageSource } from '../store/image-source.ts';

const MAX_DEPTH = 5;
/** The limit of manifests and configs in memory, in bytes: enough for 50,000 images. */
const MAX_BYTES = 512 * 1024 * 1024;

/** The manifests that an index leads to, and the configs of its images, read from a registry. */
export class PulledManifests {
  readonly #manifests = new Map<Digest, RawManifest>();
  readonly #parsed = new Map<Digest, Manifest>();
  readonly #configs = new Map<Digest, ImageConfig>();
  readonly #source: ImageSource;
  readonly #name: Reference;
  #bytes = 0;

  constructor(source: ImageSource, name: Reference) {
    this.#source = source;
    this.#name = name;
  }

  /**
   * Reads everything below these manifests, level by level.
   *
   * @throws AirgapError `UNSUPPORTED` when it is too deep or too large, and the errors of the source
   */
  async read(roots: readonly Descriptor[]): Promise<void> {
    let level = roots;
    for (let depth = 0; level.length > 0; depth += 1) {
      if (depth > MAX_DEPTH) throw this.#unsupported(`an index is nested deeper than ${MAX_DEPTH} levels`);
      const missing = new Map(level.map(descriptor => [descriptor.digest, descriptor]));
      for (const digest of this.#manifests.keys()) missing.delete(digest);
      await runAll([...missing.values()], undefined, descriptor => this.#readManifest(descriptor));
      level = [...missing.keys()].flatMap(digest => childrenOf(this.#parsed.get(digest)));
    }
    const configs = new Map(
      [...this.#parsed.values()].flatMap(manifest =>
        manifest.kind === 'image' && isRunnable(manifest)
          ? [[manifest.config.digest, manifest.config] as const]
          : [],
      ),
    );
    await runAll([...configs.values()], undefined, config => this.#readConfig(config));
  }

  /** The bytes of a manifest or config that was read; undefined for any other blob. */
  bytesOf(digest: Digest): Uint8Array | undefined {
    return this.#manifests.get(digest)?.bytes ?? this.#configs.get(digest)?.bytes;
  }

  /** All manifests that a descriptor leads to, the root first, each digest once. */
  below(descriptor: Descriptor, seen = new Set<Digest>()): ManifestNode[] {
    const manifest = this.#parsed.get(descriptor.digest);
    if (manifest === undefined || seen.has(descriptor.digest)) return [];
    seen.add(descriptor.digest);
    const children = childrenOf(manifest).flatMap(child => this.below(child, seen));
    return [{ descriptor, manifest }, ...children];
  }

  /** The images and artifacts below a root. */
  imagesOf(root: Descriptor): PlatformImage[] {
    return this.below(root).flatMap(({ descriptor, manifest }) => {
      if (manifest.kind === 'index') return [];
      const { platform: configured, diffIds = [] } = this.#configs.get(manifest.config.digest) ?? {};
      return [{ descriptor, manifest, platform: descriptor.platform ?? configured, configured, diffIds }];
    });
  }

  async #readManifest(descriptor: Descriptor): Promise<void> {
    const raw = await this.#source.manifest(descriptor);
    this.#count(raw.bytes);
    this.#manifests.set(descriptor.digest, raw);
    this.#parsed.set(descriptor.digest, parseManifest(raw));
  }

  async #readConfig(descriptor: Descriptor): Promise<void> {
    const config = await readConfig(this.#source, this.#name, descriptor);
    this.#count(config.bytes);
    this.#configs.set(descriptor.digest, config);
  }

  #count({ length }: Uint8Array): void {
    this.#bytes += length;
    if (this.#bytes > MAX_BYTES)
      throw this.#unsupported(`its manifests have more than ${MAX_BYTES} bytes together`);
  }

  #unsupported(reason: string): AirgapError {
    return new AirgapError('UNSUPPORTED', `cannot pull the bundle: ${reason}`, {
      where: { image: this.#name.toString() },
      hint: 'Build several bundles, each of a part of the images.',
    });
  }
}

function childrenOf(manifest: Manifest | undefined): readonly Descriptor[] {
  return manifest?.kind === 'index' ? manifestsOf(manifest) : [];
}
