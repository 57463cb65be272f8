import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { missingBase, type NeededBlob } from '../layout/missing-base.ts';
import { type NamedImage, readName } from '../layout/names.ts';
import { type OpenOptions, openLayout } from '../layout/open-layout.ts';
import { isUnnamed, unnamedReferrers } from '../layout/unnamed-images.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, type Manifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { StoredBlob } from './stored-blob.ts';

/** A parsed manifest and its bytes. */
export interface ServedManifest {
  readonly blob: StoredBlob;
  readonly manifest: Manifest;
}

/** A name in a bundle and the digest of its manifest. */
export interface ServedName {
  readonly name: Reference;
  readonly digest: Digest;
}

/** A bundle with parsed manifests, in which no blob is missing; the bytes stay in the file. */
export class ServedBundle implements AsyncDisposable {
  readonly names: ServedName[] = [];
  /** Number of images without a name, which cannot be served. */
  unnamed = 0;
  readonly #layout: Layout;
  readonly #manifests = new Map<Digest, ServedManifest>();
  readonly #blobs = new Map<Digest, StoredBlob>();
  /** The layers that a delta leaves to a base that is not there. */
  readonly #needed = new Map<Digest, NeededBlob>();

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  /**
   * Reads the documents and manifests of a bundle.
   *
   * @param check may refuse the layout before it is read
   * @throws AirgapError `INPUT` when the file cannot be read or is a delta without its base, `BUNDLE` for an invalid or
   * incomplete bundle, `CONTENT` for a damaged manifest
   */
  static async open(
    path: string,
    options: OpenOptions = {},
    check?: (layout: Layout) => Promise<void>,
  ): Promise<ServedBundle> {
    const layout = await openLayout(path, options);
    try {
      await check?.(layout);
      const bundle = new ServedBundle(layout);
      await bundle.#addAll(await layout.names());
      if (bundle.#needed.size > 0)
        throw missingBase(layout, [...bundle.#needed.values()], 'no other bundle has them');
      return bundle;
    } catch (error) {
      await layout[Symbol.asyncDispose]();
      throw error;
    }
  }

  get path(): string {
    return this.#layout.path;
  }

  manifest(digest: Digest): ServedManifest | undefined {
    return this.#manifests.get(digest);
  }

  blob(digest: Digest): StoredBlob | undefined {
    return this.#blobs.get(digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#layout[Symbol.asyncDispose]();
  }

  async #addAll(images: readonly NamedDescriptor[]): Promise<void> {
    const unnamed = images.filter(isUnnamed);
    const named = images.flatMap(image => (isUnnamed(image) ? [] : [this.#parse(image)]));
    const seen = new Set<Digest>();
    for (const image of named) await this.#add(image, seen);
    const referrers = await unnamedReferrers(this.#layout, named, unnamed);
    for (const image of referrers) await this.#add(image, seen);
    const found = new Set(referrers.map(({ root }) => root.digest));
    this.unnamed = unnamed.filter(({ descriptor }) => !found.has(descriptor.digest)).length;
  }

  /** @param seen manifests that were read for other names */
  async #add({ name: reference, root }: NamedImage, seen: Set<Digest>): Promise<void> {
    const name = reference.toString();
    this.names.push({ name: reference, digest: root.digest });
    this.#requireBlob(root, name);
    const manifests = walkManifests(this.#layout, root, rethrow, seen);
    for await (const { descriptor, manifest } of manifests) {
      const successors = manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest);
      for (const successor of successors) this.#addBlob(successor, name);
      this.#manifests.set(descriptor.digest, { blob: this.#requireBlob(descriptor, name), manifest });
    }
  }

  #addBlob(descriptor: Descriptor, name: string): void {
    if (this.#layout.expects(descriptor))
      this.#needed.set(descriptor.digest, { ...descriptor, images: [name] });
    else this.#requireBlob(descriptor, name);
  }

  #requireBlob(descriptor: Descriptor, name: string): StoredBlob {
    const { digest, size } = descriptor;
    const existing = this.#blobs.get(digest);
    if (existing?.size === size) return existing;
    const stored = this.#layout.sizeOf(descriptor);
    if (stored === undefined) throw this.#invalid(`${digest}, required by ${name}, is missing`, digest);
    if (stored !== size)
      throw this.#invalid(`${digest}, required by ${name}, has ${stored} bytes, expected ${size}`, digest);
    const blob = new StoredBlob(this.#layout, descriptor);
    this.#blobs.set(digest, blob);
    return blob;
  }

  #parse({ name = '', descriptor: root }: NamedDescriptor): NamedImage {
    try {
      return { name: readName(name, root), root };
    } catch (error) {
      throw this.#invalid((error as Error).message);
    }
  }

  #invalid(reason: string, digest?: Digest): AirgapError {
    return new AirgapError('BUNDLE', `invalid or incomplete bundle: ${reason}`, {
      where: { path: this.path, ...(digest ? { digest } : {}) },
      hint: 'Run airgap verify to list all problems, then fetch the bundle again.',
    });
  }
}
