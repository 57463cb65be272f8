import { blobsOfManifest } from '../layout/walk.ts';
import { compareText } from '../model/text-order.ts';
import type { Digest } from '../oci/digest.ts';
import { isRepository, type Reference } from '../reference/reference.ts';
import type { ServedBundle, ServedManifest } from './served-bundle.ts';
import type { StoredBlob } from './stored-blob.ts';

/** Everything that the bundles have under one name, as `docker.io/library/redis`. */
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

  /** What clients can ask for: the name, or the path where a host with a port cannot stand in a path. */
  get publicName(): string {
    return isRepository(this.name) ? this.name : this.path;
  }

  /** Sorted by code units. */
  get tags(): readonly string[] {
    this.#sortedTags ??= [...this.#tags.keys()].sort(compareText);
    return this.#sortedTags;
  }

  /** Sets a tag that is not there yet. @returns the digest that the tag has */
  tag(tag: string, digest: Digest): Digest {
    const taken = this.#tags.get(tag);
    if (taken === undefined) this.#tags.set(tag, digest);
    this.#sortedTags = undefined;
    return taken ?? digest;
  }

  /** Adds a manifest with everything below it. */
  add(digest: Digest, bundle: ServedBundle): void {
    const served = bundle.manifest(digest);
    if (served === undefined || this.#manifests.has(digest)) return;
    this.#manifests.set(digest, served);
    const { manifest } = served;
    if (manifest.subject) this.#addReferrer(manifest.subject.digest, served);
    if (manifest.kind === 'index') for (const child of manifest.manifests) this.add(child.digest, bundle);
    else for (const blob of blobsOfManifest(manifest)) this.#addBlob(blob.digest, bundle);
  }

  /** @param reference a tag or a digest */
  manifest(reference: string): ServedManifest | undefined {
    return this.#manifests.get(this.#tags.get(reference) ?? (reference as Digest));
  }

  /** The bytes of a blob, or of a manifest: registries keep those as blobs as well. */
  content(digest: Digest): StoredBlob | undefined {
    return this.#blobs.get(digest) ?? this.#manifests.get(digest)?.content;
  }

  /** The manifests that name this one as their subject, by digest. */
  referrers(subject: Digest): readonly ServedManifest[] {
    return [...(this.#referrers.get(subject) ?? [])].sort((a, b) =>
      compareText(a.content.digest, b.content.digest),
    );
  }

  #addBlob(digest: Digest, bundle: ServedBundle): void {
    const content = bundle.content(digest);
    if (content && !this.#blobs.has(digest)) this.#blobs.set(digest, content);
  }

  #addReferrer(subject: Digest, served: ServedManifest): void {
    const known = this.#referrers.get(subject);
    if (known) known.push(served);
    else this.#referrers.set(subject, [served]);
  }
}
