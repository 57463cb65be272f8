import { responseError } from '../http/response-error.ts';
import { RetryableError } from '../http/retry.ts';
import { AirgapError, type ErrorContext } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { MemorySink } from '../store/blob-writer.ts';
import type { BlobBody, PushOutcome } from '../store/image-target.ts';
import { hasBlob } from './blob.ts';
import type { ApiRequest, ApiResponse, RegistryHost } from './host.ts';
import { locationOf } from './location.ts';

const MIB = 1024 * 1024;
/** Bytes of a chunk: what is tried, in turn, where a registry or a proxy before it limits bodies. */
const CHUNKS = [64 * MIB, 16 * MIB, 4 * MIB, MIB, MIB / 4];
const MAX_ANSWER = 64 * 1024;

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
 * Uploads one blob into one repository (distribution-spec, "Pushing blobs"): mounted if it can be, in one body if
 * that is taken, else in chunks. A broken upload goes on from where the registry says that it stands.
 */
export class Upload {
  readonly #options: UploadOptions;
  #from: string | undefined;
  #tries = 0;
  /** Where the registry takes the next bytes; nothing while there is no session. */
  #location: URL | undefined;
  /** Bytes that the registry has. */
  #at = 0;
  /** Bytes of one body. */
  #chunk = Number.POSITIVE_INFINITY;
  /** The least that the registry takes as a chunk that is not the last. */
  #leastChunk = 0;
  /** Whether the registry has refused a chunk as such. */
  #chunkless = false;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#from = options.from;
  }

  /** Bytes that the registry has for good. */
  get confirmed(): number {
    return this.#at;
  }

  /** Tries to get the blob there, from where the last try has stopped. */
  async attempt(): Promise<PushOutcome> {
    const { host, repository, blob, where } = this.#options;
    this.#tries += 1;
    if (this.#tries > 1) {
      // The answer may have been all that was lost.
      if (await hasBlob(host, repository, blob.digest, where)) return 'uploaded';
      await this.#recover();
    }
    if (this.#location === undefined && (await this.#start())) return 'mounted';
    await this.#send();
    return 'uploaded';
  }

  /** Opens a session. @returns whether there is nothing left to send, as the blob was mounted */
  async #start(): Promise<boolean> {
    const { repository, blob } = this.#options;
    const from = this.#from;
    const query = from === undefined ? '' : `?${new URLSearchParams({ mount: blob.digest, from })}`;
    const answer = await this.#ask({ method: 'POST', repository, path: `blobs/uploads/${query}`, from });
    if (from !== undefined && answer.status === 201) return true;
    this.#from = undefined;
    if (answer.status === 202) {
      this.#follow(answer);
      this.#leastChunk = Number(answer.headers['oci-chunk-min-length'] ?? 0) || 0;
      return false;
    }
    const refused = this.#failure('begin the upload of the blob', answer);
    if (from === undefined || refused instanceof RetryableError) throw refused;
    // Whatever it has against mounting, it may take the bytes.
    return this.#start();
  }

  async #send(): Promise<void> {
    const { size } = this.#options.blob;
    if (this.#at === 0 && this.#chunk >= size) return this.#putWhole();
    while (this.#at < size && this.#location) await this.#patch();
    if (!this.#location) return this.#again();
    await this.#put({});
  }

  /** All in one body, which closes the session as well. */
  async #putWhole(): Promise<void> {
    const { blob, body } = this.#options;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) };
    await this.#put({ headers, body: () => body(0, blob.size) });
  }

  async #put(content: Pick<ApiRequest, 'headers' | 'body'>): Promise<void> {
    const { repository, blob } = this.#options;
    const path = new URL(this.#location ?? '');
    path.searchParams.set('digest', blob.digest);
    const answer = await this.#ask({ method: 'PUT', repository, path, ...content });
    if ([200, 201, 204].includes(answer.status)) return;
    if (answer.status === 413 && content.body) {
      this.#shorten(answer);
      return this.#again();
    }
    throw this.#broken('finish the upload of the blob', answer);
  }

  async #patch(): Promise<void> {
    const { repository, blob, body } = this.#options;
    const start = this.#at;
    const end = Math.min(blob.size, start + Math.max(this.#chunk, this.#leastChunk));
    const headers = {
      'content-type': 'application/octet-stream',
      'content-length': String(end - start),
      'content-range': `${start}-${end - 1}`,
    };
    const path = this.#location as URL;
    const request = { method: 'PATCH' as const, repository, path, headers, body: () => body(start, end) };
    const answer = await this.#ask(request);
    if ([200, 201, 202, 204].includes(answer.status)) {
      this.#at = confirmedBy(answer) ?? end;
      this.#follow(answer);
      if (this.#at <= start) throw this.#stuck();
    } else if (answer.status === 413) {
      this.#shorten(answer);
      this.#forget();
    } else if ([405, 415, 501].includes(answer.status) && !this.#chunkless) {
      this.#chunkless = true;
      this.#chunk = Number.POSITIVE_INFINITY;
      this.#forget();
    } else throw this.#broken('upload a chunk of the blob', answer);
  }

  /** A new session, with what has been learnt. */
  async #again(): Promise<void> {
    this.#forget();
    await this.#start();
    await this.#send();
  }

  /** After a failure: asks where the session stands, or gives it up (distribution-spec, "Pushing a blob in chunks"). */
  async #recover(): Promise<void> {
    const { repository, blob } = this.#options;
    if (this.#location === undefined) return;
    const answer = await this.#ask({ method: 'GET', repository, path: this.#location });
    const at = answer.status === 204 || answer.status === 200 ? confirmedBy(answer) : undefined;
    if (at === undefined || at > blob.size || this.#chunkless) return this.#forget();
    this.#at = at;
    if (answer.headers.location !== undefined) this.#follow(answer);
    // What broke may have been too long for something on the way.
    if (!Number.isFinite(this.#chunk)) this.#chunk = CHUNKS[0] ?? blob.size;
  }

  #forget(): void {
    this.#location = undefined;
    this.#at = 0;
  }

  /** Makes the bodies shorter than the one that was refused. */
  #shorten(answer: ApiResponse): void {
    const { size } = this.#options.blob;
    const tried = Math.min(size, this.#chunk);
    const shorter = CHUNKS.find(chunk => chunk < tried);
    if (shorter === undefined || this.#chunkless || shorter < this.#leastChunk)
      throw this.#failure('upload the blob', answer);
    this.#chunk = shorter;
  }

  #follow(answer: ApiResponse): void {
    this.#location = locationOf(answer, this.#options.host.endpoint.host, 'the upload');
  }

  #ask(request: ApiRequest): Promise<ApiResponse> {
    return this.#options.host.send({ ...request, push: true }, () => new MemorySink(MAX_ANSWER));
  }

  /** A session that is lost or out of step is begun again; every other refusal is what it is. */
  #broken(doing: string, answer: ApiResponse): AirgapError | RetryableError {
    const failed = this.#failure(doing, answer);
    const words = Buffer.from(answer.errorBody).toString('utf8');
    const isLost = answer.status === 404 || answer.status === 416 || /BLOB_UPLOAD_|RANGE_INVALID/.test(words);
    const isDamaged = answer.status === 400 && /DIGEST_INVALID|SIZE_INVALID/.test(words);
    if (isDamaged) this.#forget();
    return failed instanceof AirgapError && (isLost || isDamaged) ? new RetryableError(failed) : failed;
  }

  #failure(doing: string, answer: ApiResponse): AirgapError | RetryableError {
    const { repository, where } = this.#options;
    return responseError(`${doing} to ${repository}`, answer, answer.errorBody, where);
  }

  #stuck(): RetryableError {
    const { where, host } = this.#options;
    return new RetryableError(
      new AirgapError('REGISTRY', 'the registry takes no more of the blob', {
        where,
        hint: `Try again later; if it stays, ask whoever runs ${host.endpoint.host}.`,
      }),
    );
  }
}

/** The bytes that the registry says it has: its `Range` names the first and the last of them. */
function confirmedBy({ headers }: ApiResponse): number | undefined {
  const last = /^(?:bytes=)?0-(\d+)$/.exec(String(headers.range ?? ''))?.[1];
  // An empty session says 0-0 as well as one with a single byte does; a byte too few is put right by its refusal.
  return last === undefined ? undefined : Number(last) === 0 ? 0 : Number(last) + 1;
}
