import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';

/** Makes bytes `start` to `end` of a blob as a stream, anew for every try. It throws when they are not the blob's. */
export type BlobBody = (start: number, end: number) => AsyncIterable<Uint8Array>;

/** How a blob came to be where it is wanted. */
export type PushOutcome = 'mounted' | 'uploaded';

/** Anything that takes images: a registry. */
export interface ImageTarget {
  /** Whether a repository has a blob. */
  hasBlob(repository: string, blob: Descriptor): Promise<boolean>;
  /** Puts a blob into a repository. @param from another one that has it, to mount it from */
  putBlob(repository: string, blob: Descriptor, body: BlobBody, from?: string): Promise<PushOutcome>;
  /** What a name stands for, or nothing. */
  digestOf(name: Reference): Promise<Digest | undefined>;
  /** Puts a manifest under a name; everything that it refers to has to be there. */
  putManifest(name: Reference, manifest: RawManifest): Promise<void>;
  /** What the destination lists as referring to a name's digest; nothing when it keeps no such lists. */
  listReferrers(name: Reference): Promise<readonly Descriptor[] | undefined>;
  /** The children of the index that a name stands for, or nothing. */
  readIndex(name: Reference): Promise<readonly Descriptor[] | undefined>;
}
