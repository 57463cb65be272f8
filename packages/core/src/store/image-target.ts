import type { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';

/** Streams the bytes `start` to `end` of a blob; each call restarts the stream. It throws on a digest mismatch. */
export type BlobBody = (start: number, end: number) => AsyncIterable<Uint8Array>;

/** How a blob reached its target. */
export type PushOutcome = 'mounted' | 'uploaded';

/**
 * Anything that stores images: a repository of a registry, an OCI layout directory, memory. A target pulls the bytes of a
 * blob, because an upload resumes at the offset that the registry names.
 */
export interface ImageTarget {
  /** Whether it has a blob. */
  has(blob: Descriptor): Promise<boolean>;
  /**
   * Stores a blob.
   *
   * @param mountFrom a repository of the same registry to mount it from; targets without repositories ignore it
   */
  put(blob: Descriptor, body: BlobBody, mountFrom?: string): Promise<PushOutcome>;
  /** The digest that a tag or a digest points to; undefined when it does not exist. */
  digestOf(reference: string): Promise<Digest | undefined>;
  /** Stores a manifest under a tag, or only under its digest. Everything that it refers to must already exist. */
  putManifest(manifest: RawManifest, tag?: string): Promise<void>;
}

/** A target that lists referrers, or keeps their list under the fallback tag (distribution-spec). */
export interface ReferrersTarget extends ImageTarget {
  /** The referrers that the target lists; undefined when it does not support the referrers API. */
  listReferrers(subject: Digest): Promise<readonly Descriptor[] | undefined>;
  /** The manifests of the index under a tag; undefined when it is not an index or does not exist. */
  readIndex(tag: string): Promise<readonly Descriptor[] | undefined>;
  /** The status with which it refused to say what a reference points to; such a reference counts as missing. */
  readonly refusedCheck?: number | undefined;
  /** Throws if the target refuses the media type of a manifest, whose blobs may be missing. @throws AirgapError `UNSUPPORTED` */
  checkMediaType?(manifest: RawManifest): Promise<void>;
  /** The error of a target whose repository does not exist. */
  lacksRepository?(): Promise<AirgapError | undefined>;
}
