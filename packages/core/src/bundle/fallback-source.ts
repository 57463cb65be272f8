import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { Range } from '../store/ranges.ts';
import type { LocalBlobCache } from './local-blob-cache.ts';

/** A source that gives the blobs that are on this machine already, and asks another one for the rest. */
export class FallbackSource implements ImageSource {
  readonly #local: LocalBlobCache;
  readonly #source: ImageSource;
  readonly #given = new Set<Digest>();

  constructor(local: LocalBlobCache, source: ImageSource) {
    this.#local = local;
    this.#source = source;
  }

  manifest(name: Reference, digest?: Digest): Promise<RawManifest> {
    return this.#source.manifest(name, digest);
  }

  /** A blob that is asked for again was not good here, or not whole. */
  async blob(name: Reference, blob: Descriptor, sink: BlobWriter, wanted: readonly Range[]): Promise<void> {
    if (this.#given.has(blob.digest) || !this.#local.has(blob))
      return this.#source.blob(name, blob, sink, wanted);
    this.#given.add(blob.digest);
    await this.#local.read(blob, sink, wanted);
  }
}
