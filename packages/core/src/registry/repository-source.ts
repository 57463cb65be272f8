import type { ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { descriptorOf, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { Range } from '../store/ranges.ts';
import { hasBlob } from './blob.ts';
import { Download } from './download.ts';
import type { RegistryHost } from './host.ts';
import { readManifest } from './manifest.ts';
import { findManifest, referrersOf } from './referrers.ts';
import { listTags } from './tags.ts';

/** One repository of one registry host as an image source: the pull side of the distribution-spec. */
export class RepositorySource implements ImageSource {
  readonly #host: RegistryHost;
  readonly #repository: string;
  /** The image that is pulled, for errors. */
  readonly #name: Reference;
  /** Manifests that `resolve` has read, until they are requested. */
  readonly #resolved = new Map<Digest, RawManifest>();

  constructor(host: RegistryHost, repository: string, name: Reference) {
    this.#host = host;
    this.#repository = repository;
    this.#name = name;
  }

  get origin() {
    return { host: this.#host.endpoint.host };
  }

  get isDown(): boolean {
    return this.#host.isDown;
  }

  /** Reads the manifest, so that the following call of `manifest` needs no request. @throws as {@link manifest} */
  async resolve(name: Reference): Promise<Descriptor | undefined> {
    const raw = await findManifest(this.#location(name), name);
    if (raw === undefined) return undefined;
    this.#resolved.set(raw.digest, raw);
    return descriptorOf(raw);
  }

  /** @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY`, `NETWORK`, `CONTENT` for a digest mismatch */
  async manifest({ digest }: Pick<Descriptor, 'digest'>): Promise<RawManifest> {
    const resolved = this.#resolved.get(digest);
    this.#resolved.delete(digest);
    return resolved ?? readManifest(this.#host, this.#repository, this.#name, digest);
  }

  referrers(subject: Digest): Promise<readonly Descriptor[]> {
    return referrersOf(this.#location(this.#name), subject);
  }

  tags(): Promise<readonly string[]> {
    return listTags(this.#host, this.#repository);
  }

  /** Sends a HEAD request (distribution-spec, "Checking if content exists in the registry"). */
  has({ digest }: Descriptor): Promise<boolean> {
    const where = this.#where(digest);
    return this.#host.run(() => hasBlob(this.#host, this.#repository, digest, where), where);
  }

  /** @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY`, `NETWORK` */
  async read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    const where = this.#where(blob.digest);
    const host = this.#host;
    await new Download({ host, repository: this.#repository, blob, into, wanted, where }).run();
  }

  #location(name: Reference) {
    return { host: this.#host, repository: this.#repository, name };
  }

  #where(digest: Digest): ErrorContext {
    return { image: this.#name.toString(), digest, ...this.origin };
  }
}
