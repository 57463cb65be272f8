import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { Sink } from './sink.ts';

/** Anything that holds images: a registry, a bundle, a layout directory. */
export interface Source {
  /** Reads the manifest that a name stands for, or the one with this digest in the name's repository. */
  manifest(name: Reference, digest?: Digest): Promise<RawManifest>;
  /**
   * Sends a blob's bytes, from the first to the last, into a sink that checks them; a broken transfer goes on
   * where it stopped.
   */
  blob(name: Reference, blob: Descriptor, sink: Sink): Promise<void>;
}
