import { BundleReader } from '../bundle/reader.ts';
import type { NamedDescriptor } from '../layout/document-reader.ts';
import { blobPath } from '../layout/documents.ts';
import { readName } from '../layout/names.ts';
import { blobsOfManifest, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { StoredBlob } from './stored-blob.ts';

/** A manifest and its bytes. */
export interface ServedManifest {
  readonly content: StoredBlob;
  readonly manifest: Manifest;
}

/** A name of a bundle and the manifest that it stands for. */
export interface ServedName {
  readonly name: Reference;
  readonly digest: Digest;
}

/** A bundle whose manifests are known and whose blobs are all there; their bytes stay in the file. */
export class ServedBundle implements AsyncDisposable {
  readonly names: ServedName[] = [];
  /** How many images have no name, and so cannot be asked for. */
  unnamed = 0;
  readonly #reader: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #manifests = new Map<Digest, ServedManifest>();
  readonly #contents = new Map<Digest, StoredBlob>();

  private constructor(reader: BundleReader, entries: ReadonlyMap<string, PlacedEntry>) {
    this.#reader = reader;
    this.#entries = entries;
  }

  /**
   * Reads a bundle's documents and manifests.
   *
   * @throws AirgapError `INPUT` when the file cannot be read, `BUNDLE` when it is none or lacks something, `CONTENT`
   */
  static async open(path: string): Promise<ServedBundle> {
    const reader = await BundleReader.open(path);
    try {
      const bundle = new ServedBundle(reader, await reader.entries());
      const seen = new Set<Digest>();
      for (const named of await reader.names(bundle.#entries)) await bundle.#add(named, seen);
      return bundle;
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
  }

  get path(): string {
    return this.#reader.path;
  }

  manifest(digest: Digest): ServedManifest | undefined {
    return this.#manifests.get(digest);
  }

  content(digest: Digest): StoredBlob | undefined {
    return this.#contents.get(digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }

  /** @param seen the manifests that were read for other names */
  async #add({ name, descriptor: root }: NamedDescriptor, seen: Set<Digest>): Promise<void> {
    if (name === undefined) {
      this.unnamed += 1;
      return;
    }
    this.names.push({ name: this.#reference(name, root), digest: root.digest });
    this.#need(root, name);
    const broken = (_descriptor: Descriptor, error: unknown) => {
      throw error;
    };
    const found = walkManifests(this.#reader, this.#entries, root, broken, seen);
    for await (const { descriptor, manifest } of found) {
      const below = manifest.kind === 'index' ? manifest.manifests : blobsOfManifest(manifest);
      for (const one of below) this.#need(one, name);
      this.#manifests.set(descriptor.digest, { content: this.#need(descriptor, name), manifest });
    }
  }

  #need(descriptor: Descriptor, name: string): StoredBlob {
    const { digest, size } = descriptor;
    const known = this.#contents.get(digest);
    if (known?.size === size) return known;
    const entry = this.#entries.get(blobPath(descriptor));
    if (!entry) throw this.#damaged(`${digest}, which ${name} needs, is missing`, digest);
    if (entry.size !== size)
      throw this.#damaged(
        `${digest}, which ${name} needs, has ${entry.size} bytes instead of ${size}`,
        digest,
      );
    const content = new StoredBlob(this.#reader, digest, entry);
    this.#contents.set(digest, content);
    return content;
  }

  #reference(name: string, root: Descriptor): Reference {
    try {
      return readName(name, root);
    } catch (error) {
      throw this.#damaged((error as Error).message);
    }
  }

  #damaged(reason: string, digest?: Digest): AirgapError {
    return new AirgapError('BUNDLE', `not a whole bundle: ${reason}`, {
      where: { path: this.path, ...(digest ? { digest } : {}) },
      hint: 'airgap verify lists everything that is wrong with it; fetch it again.',
    });
  }
}
