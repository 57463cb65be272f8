import { type Digest, digestOf } from '../oci/digest.ts';
import type { ImageManifest } from '../oci/manifest.ts';

/** The layers of the first image with a config. */
interface FirstUse {
  /** A digest over the digests of its layers. */
  readonly layers: Digest;
  readonly count: number;
  /** A digest over the compressions of its layers. */
  readonly compressions: Digest;
}

/**
 * Finds manifests that share a config and have other layers: podman and docker know an image by its config, and unpack
 * the layers of only one of them. Builders also write one image with two compressions, whose manifests share a config.
 */
export class SharedConfigs {
  readonly #first = new Map<Digest, FirstUse>();

  /** Adds an image. @returns how it differs from the first one with its config */
  add({ config, layers }: ImageManifest): { readonly problem?: string; readonly notice?: string } {
    const use: FirstUse = {
      layers: digestOfList(layers.map(({ digest }) => digest)),
      count: layers.length,
      compressions: digestOfList(layers.map(({ mediaType }) => compressionOf(mediaType))),
    };
    const first = this.#first.get(config.digest);
    if (first === undefined) this.#first.set(config.digest, use);
    if (first === undefined || first.layers === use.layers) return {};
    const message = `another manifest has the config ${config.digest} and other layers`;
    const isRecompressed = first.count === use.count && first.compressions !== use.compressions;
    return isRecompressed ? { notice: `${message}, with another compression` } : { problem: message };
  }
}

function digestOfList(texts: readonly string[]): Digest {
  return digestOf(Buffer.from(texts.join('\n')));
}

function compressionOf(mediaType: string): string {
  return /[.+](gzip|zstd)$/.exec(mediaType)?.[1] ?? '';
}
