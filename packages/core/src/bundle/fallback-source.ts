import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { Range } from '../store/ranges.ts';
import type { LocalBlobCache } from './local-blob-cache.ts';

/** A source that reads blobs from the local cache, and falls back to another source for the rest. */
export class FallbackSource implements ImageSource {
  readonly #local: LocalBlobCache;
  readonly #source: ImageSource;
  /** Blobs that were read from the cache once. */
  readonly #readLocally = new Set<Digest>();

  constructor(local: LocalBlobCache, source: ImageSource) {
    this.#local = local;
    this.#source = source;
  }

  manifest(name: Reference, digest?: Digest): Promise<RawManifest> {
    return this.#source.manifest(name, digest);
  }

  /** A second request for a blob means that the cached content was damaged or incomplete. */
  async blob(
    name: Reference,
    blob: Descriptor,
    sink: BlobWriter,
    requested: readonly Range[],
  ): Promise<void> {
    if (this.#readLocally.has(blob.digest) || !this.#local.has(blob))
      return this.#source.blob(name, blob, sink, requested);
    this.#readLocally.add(blob.digest);
    await this.#local.read(blob, sink, requested);
  }
}
