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
import { findManifest, listReferrers, type Place } from './referrers.ts';
import { Upload } from './upload.ts';

/** One registry as a destination: the distribution protocol's push side. */
export class RegistryTarget implements ImageTarget {
  readonly #host: RegistryHost;

  constructor(host: RegistryHost) {
    this.#host = host;
  }

  /** Asks with HEAD (distribution-spec, "Checking if content exists in the registry"). */
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
      if (status !== 200) throw responseError('ask for the manifest', head, head.errorBody, where);
      return announcedDigest(head) ?? (await this.#computedDigest(name, where));
    }, where);
  }

  /** Distribution-spec, "Pushing Manifests". */
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
      const answer = await this.#host.send(request, () => new MemorySink(MAX_MANIFEST_SIZE));
      if (![200, 201, 202].includes(answer.status)) throw notTaken(answer, mediaType, where);
      const stored = announcedDigest(answer);
      if (stored !== undefined && stored !== digest) throw changed(stored, digest, where);
    }, where);
  }

  async listReferrers(name: Reference): Promise<readonly Descriptor[] | undefined> {
    return name.digest && listReferrers(this.#place(name), name.digest);
  }

  async readIndex(name: Reference): Promise<readonly Descriptor[] | undefined> {
    const raw = await findManifest(this.#place(name), name);
    const manifest = raw && parseManifest(raw);
    return manifest?.kind === 'index' ? manifest.manifests : undefined;
  }

  #place(name: Reference): Place {
    return { host: this.#host, repository: name.repository, name, push: true };
  }

  async #computedDigest(name: Reference, where: ErrorContext): Promise<Digest> {
    const sink = new MemorySink(MAX_MANIFEST_SIZE);
    const answer = await this.#manifest('GET', name, sink);
    if (answer.status !== 200) throw responseError('read the manifest', answer, answer.errorBody, where);
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

/** What it refers to is there: a registry that does not see it yet, as while another load puts the same, is asked again. */
function notTaken(answer: ApiResponse, mediaType: string, where: ErrorContext): AirgapError | RetryableError {
  const failed = responseError(`push the manifest (${mediaType})`, answer, answer.errorBody, where);
  const isBehind = /BLOB_UNKNOWN|MANIFEST_UNKNOWN/.test(Buffer.from(answer.errorBody).toString('utf8'));
  return failed instanceof AirgapError && isBehind ? new RetryableError(failed) : failed;
}

function changed(stored: Digest, sent: Digest, where: ErrorContext): AirgapError {
  return new AirgapError('CONTENT', `the registry stored the manifest as ${stored} in place of ${sent}`, {
    where,
    hint: 'It converts manifests on the way in: turn that off, or load into another registry.',
  });
}
