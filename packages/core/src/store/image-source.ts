import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobWriter } from './blob-writer.ts';
import type { Range } from './ranges.ts';

/** Anything that holds images: a registry, a bundle, a layout directory. */
export interface ImageSource {
  /** Reads the manifest that a name stands for, or the one with this digest in the name's repository. */
  manifest(name: Reference, digest?: Digest): Promise<RawManifest>;
  /**
   * Sends the wanted bytes of a blob, each once, into a sink that checks them; in several streams at once if that is
   * faster and the sink takes them in any order. A broken transfer goes on where it stopped.
   */
  blob(name: Reference, blob: Descriptor, sink: BlobWriter, wanted: readonly Range[]): Promise<void>;
}

/** A source that can be asked what hangs on an image. */
export interface ReferrerSource extends ImageSource {
  /** Reads the manifest that a name stands for, or nothing when there is none. */
  find(name: Reference): Promise<RawManifest | undefined>;
  /** What names a manifest in the name's repository as its subject. */
  referrers(name: Reference, subject: Digest): Promise<readonly Descriptor[]>;
}
