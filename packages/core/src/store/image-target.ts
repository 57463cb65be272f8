import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';

/** Streams the bytes `start` to `end` of a blob; each call restarts the stream. It throws on a digest mismatch. */
export type BlobBody = (start: number, end: number) => AsyncIterable<Uint8Array>;

/** How a blob reached its repository. */
export type PushOutcome = 'mounted' | 'uploaded';

/** A destination for images: a registry. */
export interface ImageTarget {
  /** Whether a repository has a blob. */
  hasBlob(repository: string, blob: Descriptor): Promise<boolean>;
  /** Pushes a blob to a repository. @param from a repository to mount it from */
  putBlob(repository: string, blob: Descriptor, body: BlobBody, from?: string): Promise<PushOutcome>;
  /** The digest that a name points to; undefined when the name does not exist. */
  digestOf(name: Reference): Promise<Digest | undefined>;
  /** Pushes a manifest under a name. Everything that it refers to must already exist. */
  putManifest(name: Reference, manifest: RawManifest): Promise<void>;
  /** The referrers of a name's digest; undefined when the destination does not support referrers. */
  listReferrers(name: Reference): Promise<readonly Descriptor[] | undefined>;
  /** The manifests of the index that a name points to; undefined when it is not an index or does not exist. */
  readIndex(name: Reference): Promise<readonly Descriptor[] | undefined>;
}
