import type { ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { descriptorOf, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from '../store/blob-writer.ts';
import type { ImageSource, RepositoryTags } from '../store/image-source.ts';
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

  get servesRanges(): boolean | undefined {
    return this.#host.servesRanges;
  }

  /** Reads the manifest, so that the following call of `manifest` needs no request. @throws as {@link manifest} */
  async resolve(name: Reference, isOptional = false): Promise<Descriptor | undefined> {
    const raw = await findManifest(this.#location(name), name, isOptional);
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

  tags(): Promise<RepositoryTags | undefined> {
    return listTags(this.#host, this.#repository);
  }

  /** Sends a HEAD request (distribution-spec, "Checking if content exists in the registry"). */
  has({ digest, size }: Descriptor): Promise<boolean> {
    const where = this.#where(digest);
    const check = async () => (await hasBlob(this.#host, this.#repository, { digest, size }, where)) ?? false;
    return this.#host.run(check, where);
  }

  /** @throws AirgapError `NOT_FOUND`, `DENIED`, `REGISTRY`, `NETWORK` */
  async read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    if (isOtherManifest(blob)) return this.#readOtherManifest(blob, into, wanted);
    const where = this.#where(blob.digest);
    const host = this.#host;
    await new Download({ host, repository: this.#repository, blob, into, wanted, where }).run();
  }

  /** Registries serve manifests of other types at the path of manifests only. */
  async #readOtherManifest(
    { digest, mediaType }: Descriptor,
    into: ChunkWriter,
    wanted: readonly Range[],
  ): Promise<void> {
    const headers = { accept: mediaType };
    const { bytes } = await readManifest(this.#host, this.#repository, this.#name, digest, { headers });
    for (const { start, end } of wanted) await into.write(bytes.subarray(start, end), start);
  }

  #location(name: Reference) {
    return { host: this.#host, repository: this.#repository, name };
  }

  #where(digest: Digest): ErrorContext {
    return { image: this.#name.toString(), digest, ...this.origin };
  }
}

/** Whether an index refers to a manifest of a type that is not an image's, for example an ORAS artifact. */
function isOtherManifest({ mediaType }: Descriptor): boolean {
  return /\bmanifest\b/.test(mediaType);
}
