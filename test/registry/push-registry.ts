import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendError } from './registry.ts';

/** A request to the registry, and what has arrived of its body when it is a fault's turn. */
export interface PushRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  /** What it is for. */
  readonly step: Step;
  readonly incoming: IncomingMessage;
}

export type Step = 'head' | 'mount' | 'begin' | 'whole' | 'chunk' | 'finish' | 'where' | 'manifest' | 'other';

/** What happens instead of the answer. It says whether it took the request over. */
export type PushFault = (
  request: PushRequest,
  response: ServerResponse,
) => boolean | 'after' | Promise<boolean | 'after'>;

export interface PushOptions {
  /** What is said in answer to a mount. Default: as the specification has it. */
  readonly mount?: 'yes' | 202 | 404 | 405;
  /** The most bytes of a body. */
  readonly maxBody?: number;
  /** The least bytes of a chunk, which is announced. */
  readonly minChunk?: number;
  /** The most bytes that are taken of a chunk. */
  readonly takes?: number;
  /** Whether chunks are refused. */
  readonly chunkless?: boolean;
  /** The password that every request needs. */
  readonly token?: string;
  /** Whether the manifests below an index are taken and not kept, and the index all the same. */
  readonly lax?: boolean;
}

const BLOBS = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/;
const UPLOADS = /^\/v2\/(.+)\/blobs\/uploads\/$/;
const SESSION = /^\/elsewhere\/(\d+)$/;
const MANIFESTS = /^\/v2\/(.+)\/manifests\/([^/]+)$/;

/** A strict registry in this process that is pushed to: for faults. */
export class PushRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request, as `step path`. */
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
    server.on('request', (incoming, response) => void this.#take(incoming, response));
  }

  static async start(options: PushOptions = {}): Promise<PushRegistry> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new PushRegistry(server, options);
  }

  /** What a name stands for. */
  manifest(repository: string, reference: string): Buffer | undefined {
    return this.#manifests.get(`${repository}:${reference}`)?.bytes;
  }

  /** Bytes of a blob in a repository. */
  blob(repository: string, digest: string): Buffer | undefined {
    return this.#blobs.get(repository)?.get(digest);
  }

  /** Lets one name stand for what another one does, both as `repository:tag`. */
  rename(from: string, to: string): void {
    const manifest = this.#manifests.get(from);
    if (manifest) this.#manifests.set(to, manifest);
  }

  /** Forgets every upload that is not finished. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
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
    const done = await this.fault?.(request, response);
    if (done === true) return;
    const { token } = this.#options;
    if (token !== undefined && url.pathname !== '/token' && request.authorization !== `Bearer ${token}`)
      return void this.#challenge(response);
    const body = await readBody(incoming, this.#options.maxBody);
    seen.bytes = body?.length ?? 0;
    if (done === 'after') this.#answer(request, body, NOBODY);
    else if (body === undefined) sendError(response, 413, 'SIZE_INVALID', 'too much');
    else this.#answer(request, body, response);
    if (done === 'after') response.socket?.resetAndDestroy();
  }

  #challenge(response: ServerResponse): void {
    response.setHeader('www-authenticate', `Bearer realm="http://${this.host}/token",service="test"`);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  #answer(
    { step, path, query, incoming }: PushRequest,
    body: Buffer = Buffer.alloc(0),
    response: ServerResponse,
  ) {
    if (path === '/v2/') return void response.end('{}');
    if (path === '/token') return void response.end(JSON.stringify({ token: this.#options.token }));
    const [, repository = '', digest = ''] = BLOBS.exec(path) ?? [];
    if (digest) return void this.#blob(repository, digest, response);
    const [, target] = UPLOADS.exec(path) ?? [];
    if (target !== undefined) return void this.#begin(target, query, response);
    const [, id] = SESSION.exec(path) ?? [];
    if (id !== undefined) return void this.#session(step, id, query, body, incoming, response);
    const [, place = '', reference = ''] = MANIFESTS.exec(path) ?? [];
    if (step === 'manifest') this.#putManifest(place, reference, incoming, body, response);
    else this.#manifest(place, reference, response);
  }

  #blob(repository: string, digest: string, response: ServerResponse): void {
    const found = this.blob(repository, digest);
    if (!found) return void sendError(response, 404, 'BLOB_UNKNOWN', 'not here');
    response.setHeader('content-length', found.length);
    response.end();
  }

  #begin(repository: string, query: URLSearchParams, response: ServerResponse): void {
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
    const { chunkless, takes = Number.POSITIVE_INFINITY } = this.#options;
    if (step === 'chunk' && chunkless) return void sendError(response, 405, 'UNSUPPORTED', 'no chunks');
    if (step === 'chunk') {
      const [, start] = /^(\d+)-(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
      if (Number(start) !== session.bytes.length)
        return void sendError(response, 416, 'BLOB_UPLOAD_INVALID', 'out of order');
      session.bytes = Buffer.concat([session.bytes, body.subarray(0, takes)]);
    }
    response.setHeader('location', `/elsewhere/${id}?state=${session.bytes.length}`);
    response.setHeader('range', `0-${Math.max(0, session.bytes.length - 1)}`);
    response.statusCode = step === 'where' ? 204 : 202;
    if (step === 'where' || step === 'chunk') return void response.end();
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
    const lacks =
      blobs.some(({ digest }) => !this.blob(repository, digest)) ||
      children.some(({ digest }) => !this.manifest(repository, digest));
    if (lacks) return void sendError(response, 404, 'MANIFEST_BLOB_UNKNOWN', 'something is missing');
    const digest = sha256(bytes);
    if (reference.includes(':') && reference !== digest)
      return void sendError(response, 400, 'DIGEST_INVALID', 'not these bytes');
    const stored = { type: headers['content-type'] ?? '', bytes };
    const isLost = lax && reference === digest && manifests === undefined;
    for (const name of isLost ? [] : [reference, digest])
      this.#manifests.set(`${repository}:${name}`, stored);
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

/** Takes an answer that nobody will ever see. */
const NOBODY = { statusCode: 200, setHeader() {}, end() {} } as unknown as ServerResponse;

function stepOf(method: string, { pathname, searchParams }: URL): Step {
  if (UPLOADS.test(pathname)) return searchParams.has('mount') ? 'mount' : 'begin';
  if (SESSION.test(pathname)) {
    if (method === 'PATCH') return 'chunk';
    if (method === 'GET') return 'where';
    return /state=a/.test(searchParams.toString()) ? 'whole' : 'finish';
  }
  if (method === 'PUT' && MANIFESTS.test(pathname)) return 'manifest';
  return method === 'HEAD' ? 'head' : 'other';
}

/** All of a body, or nothing when it is larger than that. */
async function readBody(
  incoming: IncomingMessage,
  most = Number.POSITIVE_INFINITY,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk);
  } catch {
    // The client is gone.
  }
  const body = Buffer.concat(chunks);
  return body.length > most ? undefined : body;
}

function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
