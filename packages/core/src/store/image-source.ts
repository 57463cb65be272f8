import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobWriter } from './blob-writer.ts';
import type { Range } from './ranges.ts';

/** A source of images: a registry, a bundle, an OCI layout directory. */
export interface ImageSource {
  /** Reads the manifest that a name points to, or the one with this digest in the name's repository. */
  manifest(name: Reference, digest?: Digest): Promise<RawManifest>;
  /**
   * Writes the requested ranges of a blob, each byte once, into a sink that verifies them. It may use several streams
   * concurrently if the sink accepts bytes in any order. A failed transfer resumes where it stopped.
   */
  blob(name: Reference, blob: Descriptor, sink: BlobWriter, requested: readonly Range[]): Promise<void>;
}

/** A source that lists the referrers of an image. */
export interface ReferrerSource extends ImageSource {
  /** Reads the manifest that a name points to; undefined when the name does not exist. */
  find(name: Reference): Promise<RawManifest | undefined>;
  /** The referrers of a manifest in the name's repository. */
  referrers(name: Reference, subject: Digest): Promise<readonly Descriptor[]>;
}
