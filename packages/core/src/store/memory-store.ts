import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { descriptorOf, parseManifest, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from './blob-writer.ts';
import type { ImageSource } from './image-source.ts';
import type { BlobBody, PushOutcome, ReferrersTarget } from './image-target.ts';
import type { Range } from './ranges.ts';
import { verifyBytes } from './verifier.ts';

/** Images in memory, as a source and a target: for tests, and for small images that a program makes. */
export class MemoryStore implements ImageSource, ReferrersTarget {
  readonly origin = {};
  readonly #blobs = new Map<Digest, Buffer>();
  readonly #manifests = new Map<Digest, RawManifest>();
  readonly #tags = new Map<string, Digest>();

  /** Adds a blob. @returns its descriptor */
  addBlob(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, Buffer.from(bytes));
    return { mediaType, digest, size: bytes.length };
  }

  async has({ digest, size }: Descriptor): Promise<boolean> {
    return this.#blobs.get(digest)?.length === size;
  }

  async read({ digest }: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    const bytes = this.#blobs.get(digest);
    if (!bytes) throw notFound(digest);
    for (const { start, end } of wanted) await into.write(bytes.subarray(start, end), start);
  }

  async put(blob: Descriptor, body: BlobBody): Promise<PushOutcome> {
    const chunks: Buffer[] = [];
    // The body may overwrite a chunk once the next one is requested.
    for await (const chunk of body(0, blob.size)) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks);
    verifyBytes(bytes, blob);
    this.#blobs.set(blob.digest, bytes);
    return 'uploaded';
  }

  async resolve({ tag, digest }: Reference): Promise<Descriptor | undefined> {
    const found = await this.digestOf(digest ?? tag ?? 'latest');
    const manifest = found && this.#manifests.get(found);
    return manifest && descriptorOf(manifest);
  }

  async digestOf(reference: string): Promise<Digest | undefined> {
    if (!isDigest(reference)) return this.#tags.get(reference);
    return this.#manifests.has(reference) ? reference : undefined;
  }

  async manifest({ digest }: Pick<Descriptor, 'digest'>): Promise<RawManifest> {
    const manifest = this.#manifests.get(digest);
    if (manifest) return manifest;
    throw notFound(digest);
  }

  /** @throws AirgapError `CONTENT` when the bytes do not match the digest */
  async putManifest(manifest: RawManifest, tag?: string): Promise<void> {
    verifyBytes(manifest.bytes, descriptorOf(manifest));
    this.#manifests.set(manifest.digest, manifest);
    if (tag !== undefined) this.#tags.set(tag, manifest.digest);
  }

  async referrers(subject: Digest): Promise<readonly Descriptor[]> {
    const referrers = [...this.#manifests.values()].filter(
      manifest => parseManifest(manifest).subject?.digest === subject,
    );
    return referrers.map(descriptorOf);
  }

  listReferrers(subject: Digest): Promise<readonly Descriptor[]> {
    return this.referrers(subject);
  }

  async readIndex(tag: string): Promise<readonly Descriptor[] | undefined> {
    const digest = this.#tags.get(tag);
    const manifest = digest && parseManifest(await this.manifest({ digest }));
    return manifest?.kind === 'index' ? manifest.manifests : undefined;
  }
}

function notFound(digest: Digest): AirgapError {
  return new AirgapError('NOT_FOUND', 'not in the memory store', { where: { digest } });
}
