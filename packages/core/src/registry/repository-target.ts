import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, type RawManifest, rawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { BlobBody, PushOutcome, ReferrersTarget } from '../store/image-target.ts';
import { hasBlob, isRefusedCheck } from './blob.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { ACCEPT_MANIFESTS, announcedDigest } from './manifest.ts';
import { isMissingRepository, pushError, refusesMediaType } from './push-error.ts';
import { findManifest, listReferrers, type RepositoryLocation } from './referrers.ts';
import { Upload } from './upload.ts';

/** One repository of a registry as an image target: the push side of the distribution-spec. */
export class RepositoryTarget implements ReferrersTarget {
  readonly #host: RegistryHost;
  readonly #repository: Reference;
  /** What this run has stored, by digest or tag: some registries do not say what they have. */
  readonly #stored = new Map<string, Digest>();
  refusedCheck: number | undefined;

  /** @param repository a name in the repository; its tag and digest are ignored */
  constructor(host: RegistryHost, repository: Reference) {
    this.#host = host;
    this.#repository = repository;
  }

  /** Sends a HEAD request (distribution-spec, "Checking if content exists in the registry"). */
  has({ digest }: Descriptor): Promise<boolean> {
    const where = this.#where({ digest });
    const check = async () => {
      const blob = { digest, push: true };
      const found = await hasBlob(this.#host, this.#repository.repository, blob, where);
      return found ?? this.#stored.has(digest);
    };
    return this.#host.run(check, where);
  }

  /** Mounts or uploads a blob (distribution-spec, "Pushing blobs"). */
  async put(blob: Descriptor, body: BlobBody, mountFrom?: string): Promise<PushOutcome> {
    const where = this.#where({ digest: blob.digest });
    const { repository } = this.#repository;
    const upload = new Upload({ host: this.#host, repository, blob, body, from: mountFrom, where });
    const outcome = await this.#host.run(() => upload.attempt(), where, {
      progress: () => upload.confirmed,
    });
    this.#stored.set(blob.digest, blob.digest);
    return outcome;
  }

  digestOf(reference: string): Promise<Digest | undefined> {
    const where = this.#where({ image: this.#nameOf(reference) });
    return this.#host.run(async () => {
      const head = await this.#manifest('HEAD', reference, new MemorySink(0));
      const { status } = head;
      if (status === 404) return undefined;
      if (await isRefusedCheck(this.#host, head)) {
        this.refusedCheck = status;
        return this.#stored.get(reference);
      }
      if (status !== 200) throw responseError('check the manifest', head, head.errorBody, where);
      return announcedDigest(head) ?? (await this.#computedDigest(reference, where));
    }, where);
  }

  /** Pushes a manifest (distribution-spec, "Pushing Manifests"). @throws AirgapError `CONTENT` when the registry modified it */
  putManifest(manifest: RawManifest, tag?: string): Promise<void> {
    const { mediaType, digest } = manifest;
    const reference = tag ?? digest;
    const where = this.#where({ image: this.#nameOf(reference), digest });
    return this.#host.run(async () => {
      const response = await this.#put(manifest, reference);
      if (![200, 201, 202].includes(response.status)) throw this.#manifestError(response, mediaType, where);
      const stored = announcedDigest(response);
      if (stored !== undefined && stored !== digest) throw modified(stored, digest, where);
      this.#stored.set(reference, digest).set(digest, digest);
    }, where);
  }

  /**
   * Sends a manifest under its digest although its blobs may be missing, and ignores the response unless the registry
   * refuses the media type.
   */
  async checkMediaType(manifest: RawManifest): Promise<void> {
    const { digest, mediaType } = manifest;
    const response = await this.#put(manifest, digest);
    if (!refusesMediaType(response)) return;
    const where = this.#where({ image: this.#nameOf(digest), digest });
    const error = this.#manifestError(response, mediaType, where);
    if (!(error instanceof AirgapError)) return;
    throw new AirgapError('UNSUPPORTED', error.message, {
      where,
      ...(error.hint ? { hint: error.hint } : {}),
    });
  }

  /** Lists tags, which fails for a repository that does not exist. */
  async lacksRepository(): Promise<AirgapError | undefined> {
    const { repository } = this.#repository;
    const request = { method: 'GET' as const, repository, path: 'tags/list?n=1', push: true };
    const where = this.#where({ image: this.#repository.name });
    return this.#host.run(async () => {
      const response = await this.#host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
      if (!isMissingRepository(response)) return undefined;
      const failed = pushError('list the tags', repository, response, where);
      return failed instanceof AirgapError ? failed : undefined;
    }, where);
  }

  listReferrers(subject: Digest): Promise<readonly Descriptor[] | undefined> {
    return listReferrers(this.#location(this.#repository.withDigest(subject)), subject);
  }

  async readIndex(tag: string): Promise<readonly Descriptor[] | undefined> {
    const name = this.#repository.withTag(tag);
    const raw = await findManifest(this.#location(name), name, true);
    const manifest = raw && parseManifest(raw);
    return manifest?.kind === 'index' ? manifest.manifests : undefined;
  }

  #location(name: Reference): RepositoryLocation {
    return { host: this.#host, repository: name.repository, name, push: true };
  }

  async #computedDigest(reference: string, where: ErrorContext): Promise<Digest> {
    const sink = new MemorySink(MAX_MANIFEST_SIZE);
    const response = await this.#manifest('GET', reference, sink);
    if (response.status !== 200)
      throw responseError('read the manifest', response, response.errorBody, where);
    // What is not a manifest is no tag either: a web page answers every request with 200.
    return rawManifest(sink.bytes, String(response.headers['content-type'] ?? '')).digest;
  }

  #put({ bytes, mediaType }: RawManifest, reference: string): Promise<ApiResponse> {
    const request = {
      method: 'PUT' as const,
      repository: this.#repository.repository,
      path: `manifests/${reference}`,
      headers: { 'content-type': mediaType },
      body: () => bytes,
      push: true,
    };
    return this.#host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
  }

  /** Everything that the manifest refers to was pushed before: a registry that does not see it yet is tried again. */
  #manifestError(
    response: ApiResponse,
    mediaType: string,
    where: ErrorContext,
  ): AirgapError | RetryableError {
    const { repository } = this.#repository;
    const failed = pushError(`push the manifest (${mediaType})`, repository, response, where);
    const isBehind = /BLOB_UNKNOWN|MANIFEST_UNKNOWN/.test(Buffer.from(response.errorBody).toString('utf8'));
    return failed instanceof AirgapError && isBehind ? new RetryableError(failed) : failed;
  }

  #manifest(method: 'HEAD' | 'GET', reference: string, sink: MemorySink): Promise<ApiResponse> {
    const { repository } = this.#repository;
    const path = `manifests/${reference}`;
    return this.#host.send({ method, repository, path, headers: ACCEPT_MANIFESTS, push: true }, () => sink);
  }

  #where(context: ErrorContext): ErrorContext {
    return { ...context, host: this.#host.endpoint.host };
  }

  #nameOf(reference: string): string {
    const { name } = this.#repository;
    return isDigest(reference) ? `${name}@${reference}` : `${name}:${reference}`;
  }
}

function modified(stored: Digest, sent: Digest, where: ErrorContext): AirgapError {
  return new AirgapError(
    'CONTENT',
    `manifest digest mismatch: pushed ${sent}, but the registry stored ${stored}`,
    {
      where,
      hint: 'Turn off the conversion of manifests in the registry, or load into another one.',
    },
  );
}
