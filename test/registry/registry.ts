import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { flatten, type TestImage } from '../support/images/image.ts';

/** A request that the registry received. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Replaces the response. @returns whether it handled the request */
export type Fault = (request: SeenRequest, response: ServerResponse, content: Buffer | undefined) => boolean;

export interface RegistryOptions {
  /** Require credentials: Basic, or a token from the registry's own `/token`. */
  readonly auth?: {
    readonly scheme: 'basic' | 'bearer';
    readonly username: string;
    readonly password: string;
  };
}

const API = /^\/v2\/(?<repository>.+)\/(?<kind>manifests|blobs)\/(?<reference>[^/]+)$/;

/** An in-memory registry on loopback that serves images and can inject faults. */
export class TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly seen: SeenRequest[] = [];
  fault: Fault | undefined;
  readonly #server: Server;
  readonly #options: RegistryOptions;
  readonly #manifests = new Map<string, TestImage>();
  readonly #blobs = new Map<string, Buffer>();
  #generation = 1;

  private constructor(server: Server, options: RegistryOptions) {
    this.#server = server;
    this.#options = options;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#handle(request, response));
  }

  static async start(options: RegistryOptions = {}): Promise<TestRegistry> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new TestRegistry(server, options);
  }

  /** The only valid token. */
  get token(): string {
    return `the-token-${this.#generation}`;
  }

  /** Invalidates the token. */
  expire(): void {
    this.#generation += 1;
  }

  /** Serves an image under `repository:tag`, and its manifests and blobs by digest. */
  push(name: string, image: TestImage): void {
    const [repository = '', tag = 'latest'] = name.split(':');
    this.#manifests.set(`${repository}:${tag}`, image);
    for (const manifest of flatten(image)) {
      this.#manifests.set(`${repository}:${manifest.digest}`, manifest);
      for (const [digest, bytes] of manifest.blobs) this.#blobs.set(digest, bytes);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://registry');
    const { authorization, range } = request.headers;
    const seen = { method: request.method ?? '', path: url.pathname, authorization, range };
    this.seen.push(seen);
    response.on('error', () => {});
    const { repository, kind, reference = '' } = API.exec(url.pathname)?.groups ?? {};
    const manifest = kind === 'manifests' ? this.#manifests.get(`${repository}:${reference}`) : undefined;
    const content = manifest?.bytes ?? (kind === 'blobs' ? this.#blobs.get(reference) : undefined);
    if (manifest) {
      response.setHeader('content-type', manifest.mediaType);
      response.setHeader('docker-content-digest', manifest.digest);
    }
    if (this.fault?.(seen, response, content)) return;
    if (url.pathname === '/token') this.#token(authorization, response);
    else if (!this.#authorized(authorization)) this.#challenge(response);
    else if (url.pathname === '/v2/') response.end('{}');
    else if (manifest) response.end(manifest.bytes);
    else if (content) sendBlob(response, content, range);
    else sendError(response, 404, kind === 'manifests' ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN', 'not here');
  }

  #basic(): string {
    const { username, password } = this.#options.auth ?? { username: '', password: '' };
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  #authorized(authorization: string | undefined): boolean {
    const { auth } = this.#options;
    if (!auth) return true;
    return authorization === (auth.scheme === 'basic' ? this.#basic() : `Bearer ${this.token}`);
  }

  #challenge(response: ServerResponse): void {
    const bearer = `Bearer realm="http://${this.host}/token",service="test"`;
    const isBasic = this.#options.auth?.scheme === 'basic';
    response.setHeader('www-authenticate', isBasic ? 'Basic realm="test"' : bearer);
    sendError(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  #token(authorization: string | undefined, response: ServerResponse): void {
    if (authorization === this.#basic()) response.end(JSON.stringify({ token: this.token }));
    else sendError(response, 401, 'UNAUTHORIZED', 'wrong password');
  }
}

/** Sends an error response (distribution-spec, "Error Codes"). */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** Sends a blob, or the requested range of it. */
export function sendBlob(response: ServerResponse, content: Buffer, range: string | undefined): void {
  const requested = /^bytes=(?<first>\d+)-(?<last>\d*)$/.exec(range ?? '')?.groups;
  const start = Number(requested?.first ?? 0);
  const end = requested?.last ? Math.min(Number(requested.last) + 1, content.length) : content.length;
  if (requested) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${end - 1}/${content.length}`);
  }
  response.setHeader('content-length', end - start);
  response.end(content.subarray(start, end));
}
