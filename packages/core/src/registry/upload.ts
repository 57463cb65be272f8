import { locationError, locationOf } from '../http/location.ts';
import { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { BlobBody, PushOutcome } from '../store/image-target.ts';
import type { ApiRequest } from './api-request.ts';
import { hasBlob } from './blob.ts';
import type { ApiResponse, RegistryHost } from './host.ts';
import { pushError } from './push-error.ts';

const MIB = 1024 * 1024;
/** Chunk sizes in bytes, tried in turn when the registry or a proxy in front of it limits the size of bodies. */
const CHUNK_SIZES = [64 * MIB, 16 * MIB, 4 * MIB, MIB, MIB / 4];
/** The statuses of proxies that did not wait for the registry, which may still store the blob. */
const GATEWAY_FAILURES = [502, 503, 504, 520, 521, 522, 523, 524, 527];
/** How fast a registry stores a blob at least, in bytes per ms; it computes its digest meanwhile. */
const STORE_RATE = 50_000;
/** How long a registry is given to store a blob after such a status, in ms: at least, and at most. */
const MIN_STORE_TIME = 2000;
const MAX_STORE_TIME = 60_000;
/** The intervals between checks, in ms: the first, and the longest. */
const FIRST_CHECK = 250;
const MAX_CHECK = 5000;
const MAX_RESPONSE_BODY = 64 * 1024;

export interface UploadOptions {
  readonly host: RegistryHost;
  readonly repository: string;
  readonly blob: Descriptor;
  readonly body: BlobBody;
  /** A repository of the same registry to mount the blob from. */
  readonly from?: string | undefined;
  readonly where: ErrorContext;
}

/**
 * Uploads one blob to one repository (distribution-spec, "Pushing blobs"): it mounts the blob if possible, else uploads
 * it monolithically, else in chunks. A broken upload resumes at the offset that the registry reports.
 */
export class Upload {
  readonly #options: UploadOptions;
  #from: string | undefined;
  #attempts = 0;
  /** The URL of the upload session; undefined without a session. */
  #location: URL | undefined;
  /** The number of bytes that the registry has. */
  #offset = 0;
  /** The size of one request body, in bytes. */
  #chunkSize = Number.POSITIVE_INFINITY;
  /** The minimum size of a chunk that is not the last, in bytes. */
  #minChunkSize = 0;
  /** Whether the registry does not support chunked uploads. */
  #noChunks = false;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#from = options.from;
  }

  /** The number of bytes that the registry has confirmed. */
  get confirmed(): number {
    return this.#offset;
  }

  /** Makes one attempt to upload the blob, resuming the previous one. */
  async attempt(): Promise<PushOutcome> {
    const { host, repository, blob, where } = this.#options;
    this.#attempts += 1;
    if (this.#attempts > 1) {
      // The upload may have succeeded, and only its response was lost. A mount may never succeed.
      this.#from = undefined;
      if (await hasBlob(host, repository, { digest: blob.digest, push: true }, where)) return 'uploaded';
      await this.#recover();
    }
    if (this.#location === undefined && (await this.#start())) return 'mounted';
    await this.#send();
    return 'uploaded';
  }

  /** Opens an upload session. @returns whether the blob was mounted instead */
  async #start(): Promise<boolean> {
    const { repository, blob } = this.#options;
    const from = this.#from;
    const mount = new URLSearchParams({ mount: blob.digest, from: from ?? '' });
    const query = from === undefined ? '' : `?${mount}`;
    const request = { method: 'POST' as const, repository, path: `blobs/uploads/${query}`, from };
    const response = from === undefined ? await this.#request(request) : await this.#requestMount(request);
    this.#from = undefined;
    if (response === undefined) return this.#start();
    if (from !== undefined && response.status === 201) return true;
    // Some registries open no session when they do not mount.
    if (response.status === 202 && from !== undefined && response.headers.location === undefined)
      return this.#start();
    if (response.status === 202) {
      this.#follow(response);
      this.#minChunkSize = Number(response.headers['oci-chunk-min-length'] ?? 0) || 0;
      return false;
    }
    const failure = this.#error('start the upload of the blob', response);
    if (from === undefined || failure instanceof RetryableError) throw failure;
    // The mount was rejected; upload the blob instead.
    return this.#start();
  }

  /**
   * Requests a mount, which needs a token for two repositories.
   *
   * @returns undefined when the token service does not issue such a token
   */
  async #requestMount(request: ApiRequest): Promise<ApiResponse | undefined> {
    try {
      return await this.#request(request);
    } catch (error) {
      if (error instanceof AirgapError && ['DENIED', 'REGISTRY', 'NOT_FOUND'].includes(error.code))
        return undefined;
      throw error;
    }
  }

  async #send(): Promise<void> {
    const { size } = this.#options.blob;
    if (this.#offset === 0 && this.#chunkSize >= size) return this.#putMonolithic();
    while (this.#offset < size && this.#location) await this.#patch();
    if (!this.#location) return this.#restart();
    await this.#put({});
  }

  /** Uploads the complete blob in the body that closes the session. */
  async #putMonolithic(): Promise<void> {
    const { blob, body } = this.#options;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) };
    await this.#put({ headers, body: () => body(0, blob.size) });
  }

  async #put(content: Pick<ApiRequest, 'headers' | 'body'>): Promise<void> {
    const { repository, blob } = this.#options;
    const path = new URL(this.#location ?? '');
    path.searchParams.set('digest', blob.digest);
    const response = await this.#request({ method: 'PUT', repository, path, ...content });
    if ([200, 201, 204].includes(response.status)) return;
    if (GATEWAY_FAILURES.includes(response.status) && (await this.#isStored())) return;
    if (response.status === 413 && content.body) {
      this.#reduceChunkSize(response);
      return this.#restart();
    }
    throw this.#sessionError('finish the upload of the blob', response);
  }

  /** Polls for the blob, in place of sending it again. A check that fails tells nothing. */
  async #isStored(): Promise<boolean> {
    const { host, repository, blob, where } = this.#options;
    const time = Math.min(MAX_STORE_TIME, Math.max(MIN_STORE_TIME, blob.size / STORE_RATE));
    const end = Date.now() + time;
    for (let interval = FIRST_CHECK; Date.now() < end; interval = Math.min(MAX_CHECK, interval * 2)) {
      await host.wait(interval);
      if (await hasBlob(host, repository, { digest: blob.digest, push: true }, where).catch(() => false))
        return true;
    }
    return false;
  }

  async #patch(): Promise<void> {
    const { repository, blob, body } = this.#options;
    const start = this.#offset;
    const end = Math.min(blob.size, start + Math.max(this.#chunkSize, this.#minChunkSize));
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-range': `${start}-${end - 1}`,
    };
    const path = this.#location as URL;
    const request = { method: 'PATCH' as const, repository, path, headers, body: () => body(start, end) };
    const response = await this.#request(request);
    if ([200, 201, 202, 204].includes(response.status)) {
      this.#offset = confirmedOffset(response) ?? end;
      this.#follow(response);
      if (this.#offset <= start) throw this.#noProgress();
    } else if (response.status === 413) {
      this.#reduceChunkSize(response);
      this.#dropSession();
    } else if ([405, 415, 501].includes(response.status) && !this.#noChunks) {
      this.#noChunks = true;
      this.#chunkSize = Number.POSITIVE_INFINITY;
      this.#dropSession();
    } else throw this.#sessionError('upload a chunk of the blob', response);
  }

  /** Starts a new session with the current settings. */
  async #restart(): Promise<void> {
    this.#dropSession();
    await this.#start();
    await this.#send();
  }

  /** After a failure: queries the offset of the session, or drops it (distribution-spec, "Pushing a blob in chunks"). */
  async #recover(): Promise<void> {
    const { repository, blob } = this.#options;
    if (this.#location === undefined) return;
    const response = await this.#request({ method: 'GET', repository, path: this.#location });
    const isOpen = response.status === 204 || response.status === 200;
    const offset = isOpen ? confirmedOffset(response) : undefined;
    if (offset === undefined || offset > blob.size || this.#noChunks) return this.#dropSession();
    this.#offset = offset;
    if (response.headers.location !== undefined) this.#follow(response);
    // The body may have been too large for a proxy.
    if (!Number.isFinite(this.#chunkSize)) this.#chunkSize = CHUNK_SIZES[0] ?? blob.size;
  }

  #dropSession(): void {
    this.#location = undefined;
    this.#offset = 0;
  }

  /** Selects a smaller chunk size than the one that was rejected. */
  #reduceChunkSize(response: ApiResponse): void {
    const { size } = this.#options.blob;
    const rejected = Math.min(size, this.#chunkSize);
    const smaller = CHUNK_SIZES.find(chunkSize => chunkSize < rejected);
    if (smaller === undefined || this.#noChunks || smaller < this.#minChunkSize)
      throw this.#error('upload the blob', response);
    this.#chunkSize = smaller;
  }

  #follow(response: ApiResponse): void {
    this.#location = locationOf(response, this.#options.host.endpoint.host, 'the upload');
  }

  async #request(request: ApiRequest): Promise<ApiResponse> {
    const { host } = this.#options;
    try {
      return await host.send({ ...request, push: true }, () => new MemorySink(MAX_RESPONSE_BODY));
    } catch (error) {
      throw request.path instanceof URL ? locationError(error, request.path, host.endpoint.host) : error;
    }
  }

  /** A session that is lost, out of order or damaged is retryable; other errors are final. */
  #sessionError(action: string, response: ApiResponse): AirgapError | RetryableError {
    const failed = this.#error(action, response);
    const message = Buffer.from(response.errorBody).toString('utf8');
    const isLost = [404, 416].includes(response.status) || /BLOB_UPLOAD_|RANGE_INVALID/.test(message);
    const isDamaged = response.status === 400 && /DIGEST_INVALID|SIZE_INVALID/.test(message);
    if (isDamaged) this.#dropSession();
    return failed instanceof AirgapError && (isLost || isDamaged) ? new RetryableError(failed) : failed;
  }

  #error(action: string, response: ApiResponse): AirgapError | RetryableError {
    const { repository, where } = this.#options;
    return pushError(`${action} to ${repository}`, repository, response, where);
  }

  #noProgress(): RetryableError {
    const { where, host } = this.#options;
    return new RetryableError(
      new AirgapError(
        'REGISTRY',
        'the upload makes no progress: the registry stored nothing of the last chunk',
        {
          where,
          hint: `Try again later; if it persists, contact the administrator of ${host.endpoint.host}.`,
        },
      ),
    );
  }
}

/** Returns the number of bytes that the registry has, from the `Range` header with the first and the last of them. */
function confirmedOffset({ headers }: ApiResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(String(headers.range ?? ''))?.[1];
  if (last === undefined) return undefined;
  // Both an empty session and one with a single byte report 0-0; with one byte, the registry rejects the next chunk.
  return Number(last) === 0 ? 0 : Number(last) + 1;
}
