import type { ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from './blob-writer.ts';
import type { Range } from './ranges.ts';

/** Anything that holds blobs: a repository of a registry, a bundle, an OCI layout, memory. */
export interface BlobSource {
  /** The host or the path, for errors. */
  readonly origin: Pick<ErrorContext, 'host' | 'path'>;
  /** Whether it has failed for good: it is then tried again only if there is no other source. */
  readonly isDown?: boolean;
  /** Whether it sends ranges of a blob, not only complete ones; undefined while that is unknown. */
  readonly servesRanges?: boolean | undefined;
  /** Whether it has a blob with this digest and size. */
  has(blob: Descriptor): Promise<boolean>;
  /**
   * Writes the wanted ranges of a blob, each byte once, concurrently if the writer accepts any order. A failed transfer
   * resumes where it stopped. It writes fewer bytes if the stored blob is too short: the caller verifies the blob.
   *
   * @throws AirgapError `NOT_FOUND` when it lacks the blob
   */
  read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void>;
}

/** Anything that holds images: blobs, the manifests that refer to them, and names that point to manifests. */
export interface ImageSource extends BlobSource {
  /**
   * The manifest that a name points to; undefined when the name does not exist.
   *
   * @param isOptional whether a source that refuses to say so does not have it
   */
  resolve(name: Reference, isOptional?: boolean): Promise<Descriptor | undefined>;
  /**
   * The bytes of a manifest, verified against its digest.
   *
   * @throws AirgapError `NOT_FOUND` when it lacks the manifest, `CONTENT` when it has other bytes
   */
  manifest(descriptor: Descriptor): Promise<RawManifest>;
  /** The manifests whose subject is this one; missing when the source cannot list them. */
  referrers?(subject: Digest): Promise<readonly Descriptor[]>;
  /** The tags of the repository, as far as it lists them: for messages only. It does not fail. */
  tags?(): Promise<RepositoryTags | undefined>;
}

/** The tags of a repository, or that there is no such repository. */
export type RepositoryTags = readonly string[] | 'unknown repository';

/** The source of an image, chosen by its name. */
export type SourceOf = (name: Reference) => ImageSource;
