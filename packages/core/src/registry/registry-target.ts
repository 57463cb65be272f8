import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { BlobBody, ImageTarget, PushOutcome } from '../store/image-target.ts';
import { hasBlob } from './blob.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { ACCEPT_MANIFESTS, announcedDigest } from './manifest.ts';
import { findManifest, listReferrers, type RepositoryLocation } from './referrers.ts';
import { Upload } from './upload.ts';

/** One registry as an image target: the push side of the distribution-spec. */
export class RegistryTarget implements ImageTarget {
  readonly #host: RegistryHost;

  constructor(host: RegistryHost) {
    this.#host = host;
  }

  /** Sends a HEAD request (distribution-spec, "Checking if content exists in the registry"). */
  hasBlob(repository: string, { digest }: Descriptor): Promise<boolean> {
    const where = { digest, host: this.#host.endpoint.host };
    return this.#host.run(() => hasBlob(this.#host, repository, digest, where), where);
  }

  putBlob(repository: string, blob: Descriptor, body: BlobBody, from?: string): Promise<PushOutcome> {
    const where = { digest: blob.digest, host: this.#host.endpoint.host };
    const upload = new Upload({ host: this.#host, repository, blob, body, from, where });
    return this.#host.run(() => upload.attempt(), where, { progress: () => upload.confirmed });
  }

  digestOf(name: Reference): Promise<Digest | undefined> {
    const where = { image: name.toString(), host: this.#host.endpoint.host };
    return this.#host.run(async () => {
      const head = await this.#manifest('HEAD', name, new MemorySink(0));
      const { status } = head;
      if (status === 404) return undefined;
      if (status !== 200) throw responseError('check the manifest', head, head.errorBody, where);
      return announcedDigest(head) ?? (await this.#computedDigest(name, where));
    }, where);
  }

  /** Pushes a manifest (distribution-spec, "Pushing Manifests"). @throws AirgapError `CONTENT` when the registry modified it */
  putManifest(name: Reference, { bytes, mediaType, digest }: RawManifest): Promise<void> {
    const where = { image: name.toString(), digest, host: this.#host.endpoint.host };
    return this.#host.run(async () => {
      const request = {
        method: 'PUT' as const,
        repository: name.repository,
        path: manifestPath(name),
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

  async listReferrers(name: Reference): Promise<readonly Descriptor[] | undefined> {
    return name.digest && listReferrers(this.#location(name), name.digest);
  }

  async readIndex(name: Reference): Promise<readonly Descriptor[] | undefined> {
    const raw = await findManifest(this.#location(name), name);
    const manifest = raw && parseManifest(raw);
    return manifest?.kind === 'index' ? manifest.manifests : undefined;
  }

  #location(name: Reference): RepositoryLocation {
    return { host: this.#host, repository: name.repository, name, push: true };
  }

  async #computedDigest(name: Reference, where: ErrorContext): Promise<Digest> {
    const sink = new MemorySink(MAX_MANIFEST_SIZE);
    const response = await this.#manifest('GET', name, sink);
    if (response.status !== 200)
      throw responseError('read the manifest', response, response.errorBody, where);
    return digestOf(sink.bytes);
  }

  #manifest(method: 'HEAD' | 'GET', name: Reference, sink: MemorySink): Promise<ApiResponse> {
    const { repository } = name;
    const request = { method, repository, path: manifestPath(name), headers: ACCEPT_MANIFESTS, push: true };
    return this.#host.send(request, () => sink);
  }
}

function manifestPath(name: Reference): string {
  return `manifests/${name.digest ?? name.effectiveTag}`;
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
