import { compareText } from '../model/text-order.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, manifestsOf } from '../oci/manifest.ts';
import { isRepository, type Reference } from '../reference/reference.ts';
import type { ServedBundle, ServedManifest } from './served-bundle.ts';
import type { StoredBlob } from './stored-blob.ts';

/** The content of all bundles under one repository name, for example `docker.io/library/redis`. */
export class Repository {
  readonly registry: string;
  readonly path: string;
  /** Host and path. */
  readonly name: string;
  readonly #tags = new Map<string, Digest>();
  readonly #manifests = new Map<Digest, ServedManifest>();
  readonly #blobs = new Map<Digest, StoredBlob>();
  readonly #referrers = new Map<Digest, ServedManifest[]>();
  #sortedTags: readonly string[] | undefined;

  constructor({ registry, repository, name }: Reference) {
    this.registry = registry;
    this.path = repository;
    this.name = name;
  }

  /**
   * The name in the catalog: host and path, or only the path when a host with a port is not valid in a repository
   * name.
   */
  get publicName(): string {
    return isRepository(this.name) ? this.name : this.path;
  }

  /** Sorted by code units. */
  get tags(): readonly string[] {
    this.#sortedTags ??= [...this.#tags.keys()].sort(compareText);
    return this.#sortedTags;
  }

  /** Sets a tag unless it already exists. @returns the digest of the tag */
  tag(tag: string, digest: Digest): Digest {
    const existing = this.#tags.get(tag);
    if (existing !== undefined) return existing;
    this.#tags.set(tag, digest);
    this.#sortedTags = undefined;
    return digest;
  }

  /** Adds a manifest and all content that it refers to. */
  add(digest: Digest, bundle: ServedBundle): void {
    const served = bundle.manifest(digest);
    if (served === undefined || this.#manifests.has(digest)) return;
    this.#manifests.set(digest, served);
    const { manifest } = served;
    if (manifest.subject) this.#addReferrer(manifest.subject.digest, served);
    for (const blob of blobsOfManifest(manifest)) this.#addBlob(blob.digest, bundle);
    const children = manifest.kind === 'index' ? manifestsOf(manifest) : [];
    for (const child of children) this.add(child.digest, bundle);
  }

  /** @param reference a tag or a digest */
  manifest(reference: string): ServedManifest | undefined {
    return this.#manifests.get(this.#tags.get(reference) ?? (reference as Digest));
  }

  /** A blob or a manifest: registries serve manifests as blobs as well. */
  blob(digest: Digest): StoredBlob | undefined {
    return this.#blobs.get(digest) ?? this.#manifests.get(digest)?.blob;
  }

  /** The manifests with this subject, sorted by digest. */
  referrers(subject: Digest): readonly ServedManifest[] {
    return [...(this.#referrers.get(subject) ?? [])].sort((a, b) =>
      compareText(a.blob.digest, b.blob.digest),
    );
  }

  #addBlob(digest: Digest, bundle: ServedBundle): void {
    const blob = bundle.blob(digest);
    if (blob && !this.#blobs.has(digest)) this.#blobs.set(digest, blob);
  }

  #addReferrer(subject: Digest, served: ServedManifest): void {
    const existing = this.#referrers.get(subject);
    if (existing) existing.push(served);
    else this.#referrers.set(subject, [served]);
  }
}
