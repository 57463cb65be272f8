import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendError } from './registry.ts';

/** A request to the registry; the body has not been read yet. */
export interface PushRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly step: Step;
  readonly incoming: IncomingMessage;
}

/** A step of a push (distribution-spec, "Push"). */
export type Step =
  | 'head'
  | 'mount'
  | 'start'
  | 'monolithic'
  | 'chunk'
  | 'finish'
  | 'status'
  | 'manifest'
  | 'other';

/**
 * Replaces the response.
 *
 * @returns whether it handled the request; `after` processes the request, and then drops the connection
 */
export type PushFault = (
  request: PushRequest,
  response: ServerResponse,
) => boolean | 'after' | Promise<boolean | 'after'>;

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
  /** The token that every request needs. */
  readonly token?: string;
  /** Whether child manifests are accepted but not stored, and their index is accepted anyway. */
  readonly lax?: boolean;
}

const BLOBS = /^\/v2\/(?<repository>.+)\/blobs\/(?<digest>sha256:[0-9a-f]{64})$/;
const UPLOADS = /^\/v2\/(.+)\/blobs\/uploads\/$/;
const SESSION = /^\/elsewhere\/(\d+)$/;
const MANIFESTS = /^\/v2\/(?<repository>.+)\/manifests\/(?<reference>[^/]+)$/;

/** A strict in-memory registry on loopback for pushes, with fault injection. */
export class PushRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request; `bytes` is the size of its body. */
  readonly seen: { step: Step; path: string; bytes: number }[] = [];
  fault: PushFault | undefined;
  readonly #server: Server;
  readonly #options: PushOptions;
  readonly #blobs = new Map<string, Map<string, Buffer>>();
  readonly #manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly #sessions = new Map<string, { repository: string; bytes: Buffer }>();
  #last = 0;

  private constructor(server: Server, options: PushOptions) {
    this.#server = server;
    this.#options = options;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming, response) => void this.#handle(incoming, response));
  }

  static async start(options: PushOptions = {}): Promise<PushRegistry> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new PushRegistry(server, options);
  }

  /** The manifest of a tag or digest. */
  manifest(repository: string, reference: string): Buffer | undefined {
    return this.#manifests.get(`${repository}:${reference}`)?.bytes;
  }

  /** The content of a blob in a repository. */
  blob(repository: string, digest: string): Buffer | undefined {
    return this.#blobs.get(repository)?.get(digest);
  }

  /** Points one tag to the manifest of another, both as `repository:tag`. */
  retag(from: string, to: string): void {
    const manifest = this.#manifests.get(from);
    if (manifest) this.#manifests.set(to, manifest);
  }

  /** Drops every unfinished upload. */
  dropSessions(): void {
    this.#sessions.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    incoming.on('error', () => {});
    response.on('error', () => {});
    const url = new URL(incoming.url ?? '/', 'http://registry');
    const method = incoming.method ?? '';
    const step = stepOf(method, url);
    const request = {
      method,
      path: url.pathname,
      query: url.searchParams,
      authorization: incoming.headers.authorization,
      step,
      incoming,
    };
    const seen = { step, path: url.pathname + url.search, bytes: 0 };
    this.seen.push(seen);
    const handled = await this.fault?.(request, response);
    if (handled === true) return;
    const { token } = this.#options;
    if (token !== undefined && url.pathname !== '/token' && request.authorization !== `Bearer ${token}`)
      return void this.#challenge(response);
    const body = await readBody(incoming, this.#options.maxBody);
    seen.bytes = body?.length ?? 0;
    if (handled === 'after') this.#respond(request, body, DISCARDED);
    else if (body === undefined) sendError(response, 413, 'SIZE_INVALID', 'body too large');
    else this.#respond(request, body, response);
    if (handled === 'after') response.socket?.resetAndDestroy();
  }

  #challenge(response: ServerResponse): void {
    response.setHeader('www-authenticate', `Bearer realm="http://${this.host}/token",service="test"`);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  #respond(
    { step, path, query, incoming }: PushRequest,
    body: Buffer = Buffer.alloc(0),
    response: ServerResponse,
  ) {
    if (path === '/v2/') return void response.end('{}');
    if (path === '/token') return void response.end(JSON.stringify({ token: this.#options.token }));
    const blob = BLOBS.exec(path)?.groups;
    if (blob) return void this.#blob(blob.repository ?? '', blob.digest ?? '', response);
    const uploadRepository = UPLOADS.exec(path)?.[1];
    if (uploadRepository !== undefined) return void this.#startUpload(uploadRepository, query, response);
    const session = SESSION.exec(path)?.[1];
    if (session !== undefined) return void this.#session(step, session, query, body, incoming, response);
    const { repository = '', reference = '' } = MANIFESTS.exec(path)?.groups ?? {};
    if (step === 'manifest') this.#putManifest(repository, reference, incoming, body, response);
    else this.#manifest(repository, reference, response);
  }

  #blob(repository: string, digest: string, response: ServerResponse): void {
    const found = this.blob(repository, digest);
    if (!found) return void sendError(response, 404, 'BLOB_UNKNOWN', 'not here');
    response.setHeader('content-length', found.length);
    response.end();
  }

  #startUpload(repository: string, query: URLSearchParams, response: ServerResponse): void {
    const { mount = 'yes', minChunk } = this.#options;
    const digest = query.get('mount');
    if (digest !== null) {
      const bytes = this.blob(query.get('from') ?? '', digest);
      if (mount === 404 || mount === 405) return void sendError(response, mount, 'UNSUPPORTED', 'no mounts');
      if (mount === 'yes' && bytes) {
        this.#store(repository, digest, bytes);
        response.statusCode = 201;
        return void response.end();
      }
    }
    this.#last += 1;
    this.#sessions.set(String(this.#last), { repository, bytes: Buffer.alloc(0) });
    response.statusCode = 202;
    response.setHeader('location', `/elsewhere/${this.#last}?state=a%2Fb`);
    if (minChunk !== undefined) response.setHeader('oci-chunk-min-length', minChunk);
    response.end();
  }

  #session(
    step: Step,
    id: string,
    query: URLSearchParams,
    body: Buffer,
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): void {
    const session = this.#sessions.get(id);
    if (!session) return void sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
    const { chunkless, storedPerChunk = Number.POSITIVE_INFINITY } = this.#options;
    if (step === 'chunk' && chunkless) return void sendError(response, 405, 'UNSUPPORTED', 'no chunks');
    if (step === 'chunk') {
      const start = /^(\d+)-\d+$/.exec(headers['content-range'] ?? '')?.[1];
      if (Number(start) !== session.bytes.length)
        return void sendError(response, 416, 'BLOB_UPLOAD_INVALID', 'out of order');
      session.bytes = Buffer.concat([session.bytes, body.subarray(0, storedPerChunk)]);
    }
    response.setHeader('location', `/elsewhere/${id}?state=${session.bytes.length}`);
    response.setHeader('range', `0-${Math.max(0, session.bytes.length - 1)}`);
    response.statusCode = step === 'status' ? 204 : 202;
    if (step === 'status' || step === 'chunk') return void response.end();
    const bytes = Buffer.concat([session.bytes, body]);
    const digest = query.get('digest') ?? '';
    if (sha256(bytes) !== digest || query.get('state') === null)
      return void sendError(response, 400, 'DIGEST_INVALID', 'not these bytes');
    this.#sessions.delete(id);
    this.#store(session.repository, digest, bytes);
    response.statusCode = 201;
    response.end();
  }

  #store(repository: string, digest: string, bytes: Buffer): void {
    const blobs = this.#blobs.get(repository) ?? new Map<string, Buffer>();
    this.#blobs.set(repository, blobs.set(digest, bytes));
  }

  #putManifest(
    repository: string,
    reference: string,
    { headers }: IncomingMessage,
    bytes: Buffer,
    response: ServerResponse,
  ): void {
    const { lax = false } = this.#options;
    const { config, layers = [], manifests } = JSON.parse(String(bytes));
    const blobs = [...(config ? [config] : []), ...layers];
    const children: readonly { digest: string }[] = lax ? [] : (manifests ?? []);
    const isIncomplete =
      blobs.some(({ digest }) => !this.blob(repository, digest)) ||
      children.some(({ digest }) => !this.manifest(repository, digest));
    if (isIncomplete) return void sendError(response, 404, 'MANIFEST_BLOB_UNKNOWN', 'something is missing');
    const digest = sha256(bytes);
    if (reference.includes(':') && reference !== digest)
      return void sendError(response, 400, 'DIGEST_INVALID', 'not these bytes');
    const stored = { type: headers['content-type'] ?? '', bytes };
    const isDropped = lax && reference === digest && manifests === undefined;
    if (!isDropped)
      for (const name of [reference, digest]) this.#manifests.set(`${repository}:${name}`, stored);
    response.statusCode = 201;
    response.setHeader('docker-content-digest', digest);
    response.end();
  }

  #manifest(repository: string, reference: string, response: ServerResponse): void {
    const found = this.#manifests.get(`${repository}:${reference}`);
    if (!found) return void sendError(response, 404, 'MANIFEST_UNKNOWN', 'not here');
    response.setHeader('content-type', found.type);
    response.setHeader('docker-content-digest', sha256(found.bytes));
    response.end(found.bytes);
  }
}

/** Discards the response. */
const DISCARDED = { statusCode: 200, setHeader() {}, end() {} } as unknown as ServerResponse;

function stepOf(method: string, { pathname, searchParams }: URL): Step {
  if (UPLOADS.test(pathname)) return searchParams.has('mount') ? 'mount' : 'start';
  if (SESSION.test(pathname)) {
    if (method === 'PATCH') return 'chunk';
    if (method === 'GET') return 'status';
    return /state=a/.test(searchParams.toString()) ? 'monolithic' : 'finish';
  }
  if (method === 'PUT' && MANIFESTS.test(pathname)) return 'manifest';
  return method === 'HEAD' ? 'head' : 'other';
}

/** Reads the body. @returns nothing when it is larger than the limit */
async function readBody(
  incoming: IncomingMessage,
  limit = Number.POSITIVE_INFINITY,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
  } catch {
    // The client has disconnected.
  }
  const body = Buffer.concat(chunks);
  return body.length > limit ? undefined : body;
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
