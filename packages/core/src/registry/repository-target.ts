import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { BlobBody, PushOutcome, ReferrersTarget } from '../store/image-target.ts';
import { hasBlob } from './blob.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { ACCEPT_MANIFESTS, announcedDigest } from './manifest.ts';
import { findManifest, listReferrers, type RepositoryLocation } from './referrers.ts';
import { Upload } from './upload.ts';

/** One repository of a registry as an image target: the push side of the distribution-spec. */
export class RepositoryTarget implements ReferrersTarget {
  readonly #host: RegistryHost;
  readonly #repository: Reference;

  /** @param repository a name in the repository; its tag and digest are ignored */
  constructor(host: RegistryHost, repository: Reference) {
    this.#host = host;
    this.#repository = repository;
  }

  /** Sends a HEAD request (distribution-spec, "Checking if content exists in the registry"). */
  has({ digest }: Descriptor): Promise<boolean> {
    const where = this.#where({ digest });
    return this.#host.run(
      () => hasBlob(this.#host, this.#repository.repository, { digest, push: true }, where),
      where,
    );
  }

  /** Mounts or uploads a blob (distribution-spec, "Pushing blobs"). */
  put(blob: Descriptor, body: BlobBody, mountFrom?: string): Promise<PushOutcome> {
    const where = this.#where({ digest: blob.digest });
    const { repository } = this.#repository;
    const upload = new Upload({ host: this.#host, repository, blob, body, from: mountFrom, where });
    return this.#host.run(() => upload.attempt(), where, { progress: () => upload.confirmed });
  }

  digestOf(reference: string): Promise<Digest | undefined> {
    const where = this.#where({ image: this.#nameOf(reference) });
    return this.#host.run(async () => {
      const head = await this.#manifest('HEAD', reference, new MemorySink(0));
      const { status } = head;
      if (status === 404) return undefined;
      if (status !== 200) throw responseError('check the manifest', head, head.errorBody, where);
      return announcedDigest(head) ?? (await this.#computedDigest(reference, where));
    }, where);
  }

  /** Pushes a manifest (distribution-spec, "Pushing Manifests"). @throws AirgapError `CONTENT` when the registry modified it */
  putManifest({ bytes, mediaType, digest }: RawManifest, tag?: string): Promise<void> {
    const reference = tag ?? digest;
    const where = this.#where({ image: this.#nameOf(reference), digest });
    return this.#host.run(async () => {
      const request = {
        method: 'PUT' as const,
        repository: this.#repository.repository,
        path: `manifests/${reference}`,
        headers: { 'content-type': mediaType },
        body: () => bytes,
        push: true,
      };
      const response = await this.#host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
      if (![200, 201, 202].includes(response.status)) throw pushError(response, mediaType, where);
      const stored = announcedDigest(response);
      if (stored !== undefined && stored !== digest) throw modified(stored, digest, where);
    }, where);
  }

  listReferrers(subject: Digest): Promise<readonly Descriptor[] | undefined> {
    return listReferrers(this.#location(this.#repository.withDigest(subject)), subject);
  }

  async readIndex(tag: string): Promise<readonly Descriptor[] | undefined> {
    const name = this.#repository.withTag(tag);
    const raw = await findManifest(this.#location(name), name);
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
    return digestOf(sink.bytes);
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

/** Everything that the manifest refers to was pushed before: a registry that does not see it yet is tried again. */
function pushError(
  response: ApiResponse,
  mediaType: string,
  where: ErrorContext,
): AirgapError | RetryableError {
  const failed = responseError(`push the manifest (${mediaType})`, response, response.errorBody, where);
  const isBehind = /BLOB_UNKNOWN|MANIFEST_UNKNOWN/.test(Buffer.from(response.errorBody).toString('utf8'));
  return failed instanceof AirgapError && isBehind ? new RetryableError(failed) : failed;
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
