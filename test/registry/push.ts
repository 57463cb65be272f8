import type { ServerResponse } from 'node:http';
import { sha256 } from '../support/images/image.ts';
import type { Contents } from './contents.ts';
import { FRESH, type RegistryRequest, targetOf } from './request.ts';
import { sendError } from './response.ts';

export interface PushOptions {
  /** The response to a mount request. Default: `yes`, as the specification requires. */
  readonly mount?: 'yes' | 202 | 404 | 405;
  /** The largest body that is accepted, in bytes. */
  readonly maxBody?: number;
  /** The smallest chunk, in bytes, sent as `OCI-Chunk-Min-Length`. */
  readonly minChunk?: number;
  /** How many bytes of each chunk are stored. */
  readonly storedPerChunk?: number;
  /** Whether chunked uploads are rejected. */
  readonly chunkless?: boolean;
  /** Whether child manifests are accepted but not stored, and their index is accepted anyway. */
  readonly lax?: boolean;
}

/** The push side of a registry (distribution-spec, "Push"). It is strict: nothing may be missing or out of order. */
export class PushApi {
  readonly #contents: Contents;
  readonly #options: PushOptions;
  readonly #sessions = new Map<string, { repository: string; bytes: Buffer }>();
  #last = 0;

  constructor(contents: Contents, options: PushOptions) {
    this.#contents = contents;
    this.#options = options;
  }

  /** Drops every unfinished upload. */
  dropSessions(): void {
    this.#sessions.clear();
  }

  respond(request: RegistryRequest, body: Buffer, response: ServerResponse): void {
    const { maxBody = Number.POSITIVE_INFINITY } = this.#options;
    if (body.length > maxBody) return void sendError(response, 413, 'SIZE_INVALID', 'body too large');
    const { kind } = targetOf(request.path);
    if (kind === 'uploads') this.#startUpload(request, response);
    else if (kind === 'session') this.#upload(request, body, response);
    else this.#putManifest(request, body, response);
  }

  #startUpload({ path, url }: RegistryRequest, response: ServerResponse): void {
    const { mount = 'yes', minChunk } = this.#options;
    const { repository } = targetOf(path);
    const digest = url.searchParams.get('mount');
    if (digest !== null) {
      const bytes = this.#contents.blob(url.searchParams.get('from') ?? '', digest);
      if (mount === 404 || mount === 405) return void sendError(response, mount, 'UNSUPPORTED', 'no mounts');
      if (mount === 'yes' && bytes) {
        this.#contents.putBlob(repository, digest, bytes);
        response.writeHead(201).end();
        return;
      }
    }
    this.#last += 1;
    this.#sessions.set(String(this.#last), { repository, bytes: Buffer.alloc(0) });
    response.statusCode = 202;
    response.setHeader('location', `/elsewhere/${this.#last}?state=${encodeURIComponent(FRESH)}`);
    if (minChunk !== undefined) response.setHeader('oci-chunk-min-length', minChunk);
    response.end();
  }

  #upload({ step, path, url, incoming }: RegistryRequest, body: Buffer, response: ServerResponse): void {
    const { reference: id } = targetOf(path);
    const session = this.#sessions.get(id);
    if (!session) return void sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
    const { chunkless, storedPerChunk = Number.POSITIVE_INFINITY } = this.#options;
    if (step === 'chunk' && chunkless) return void sendError(response, 405, 'UNSUPPORTED', 'no chunks');
    if (step === 'chunk') {
      const start = /^(\d+)-\d+$/.exec(incoming.headers['content-range'] ?? '')?.[1];
      if (Number(start) !== session.bytes.length)
        return void sendError(response, 416, 'BLOB_UPLOAD_INVALID', 'out of order');
      session.bytes = Buffer.concat([session.bytes, body.subarray(0, storedPerChunk)]);
    }
    response.setHeader('location', `/elsewhere/${id}?state=${session.bytes.length}`);
    response.setHeader('range', `0-${Math.max(0, session.bytes.length - 1)}`);
    response.statusCode = step === 'status' ? 204 : 202;
    if (step === 'status' || step === 'chunk') return void response.end();
    const bytes = Buffer.concat([session.bytes, body]);
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(bytes) !== digest || !url.searchParams.has('state'))
      return void sendError(response, 400, 'DIGEST_INVALID', 'not these bytes');
    this.#sessions.delete(id);
    this.#contents.putBlob(session.repository, digest, bytes);
    response.statusCode = 201;
    response.end();
  }

  #putManifest({ path, incoming }: RegistryRequest, bytes: Buffer, response: ServerResponse): void {
    const { lax = false } = this.#options;
    const { repository, reference } = targetOf(path);
    const { config, layers = [], manifests } = JSON.parse(String(bytes));
    const blobs: readonly { digest: string }[] = [...(config ? [config] : []), ...layers];
    const children: readonly { digest: string }[] = lax ? [] : (manifests ?? []);
    const isIncomplete =
      blobs.some(({ digest }) => !this.#contents.blob(repository, digest)) ||
      children.some(({ digest }) => !this.#contents.manifest(repository, digest));
    if (isIncomplete) return void sendError(response, 404, 'MANIFEST_BLOB_UNKNOWN', 'something is missing');
    const digest = sha256(bytes);
    if (reference.includes(':') && reference !== digest)
      return void sendError(response, 400, 'DIGEST_INVALID', 'not these bytes');
    const mediaType = incoming.headers['content-type'] ?? '';
    const isDropped = lax && reference === digest && manifests === undefined;
    if (!isDropped) this.#contents.putManifest(repository, reference, { mediaType, digest, bytes });
    response.statusCode = 201;
    response.setHeader('docker-content-digest', digest);
    response.end();
  }
}
