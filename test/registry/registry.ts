import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestImage } from '../support/images/image.ts';
import { Auth, type AuthOptions } from './auth.ts';
import { Contents } from './contents.ts';
import { PullApi } from './pull.ts';
import { PushApi, type PushOptions } from './push.ts';
import { describeIncoming, type RegistryRequest, readBody } from './request.ts';
import { acceptTunnels, type TlsOptions } from './tunnel.ts';

/**
 * Replaces the response.
 *
 * @param content the manifest or blob at the path
 * @returns whether it handled the request; `after` processes the request, and then drops the connection
 */
export type Fault = (
  request: RegistryRequest,
  response: ServerResponse,
  content: Buffer | undefined,
) => boolean | 'after' | Promise<boolean | 'after'>;

/** Answers the requests to one host behind the proxy; their bodies have been read. */
export type Handler = (request: RegistryRequest, response: ServerResponse) => void;

export interface RegistryOptions extends PushOptions {
  /** Default: everybody may push and pull. */
  readonly auth?: AuthOptions;
  /** Whether it has the referrers API. */
  readonly referrers?: boolean;
  /** Makes it also an HTTP proxy for hosts with TLS. */
  readonly tls?: TlsOptions;
}

/**
 * A registry in memory, on loopback. It records every request and can answer any of them with a fault. It is also an
 * HTTP proxy that plays other hosts.
 */
export class TestRegistry implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request, in the order of arrival. */
  readonly seen: RegistryRequest[] = [];
  fault: Fault | undefined;
  /** Other origin → its handler; the proxy answers 502 for any other origin. */
  hosts: Readonly<Record<string, Handler>> = {};
  /** Status codes with which the proxy refuses the next CONNECT requests. */
  refusals: readonly number[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #contents = new Contents();
  readonly #pull: PullApi;
  readonly #push: PushApi;
  readonly #auth: Auth;

  private constructor(server: Server, options: RegistryOptions) {
    this.#server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#pull = new PullApi(this.#contents, options);
    this.#push = new PushApi(this.#contents, options);
    this.#auth = new Auth(this.#origin, options.auth);
    server.on('connection', socket =>
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket))),
    );
    server.on('request', (incoming, response) => void this.#handle(incoming, response, this.#origin));
    if (options.tls)
      acceptTunnels(
        server,
        options.tls,
        () => this.#refusal(),
        (incoming, response) => {
          void this.#handle(incoming, response, `https://${incoming.headers.host}`);
        },
      );
  }

  static async start(options: RegistryOptions = {}): Promise<TestRegistry> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new TestRegistry(server, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  /** The only valid token. */
  get token(): string {
    return this.#auth.token;
  }

  /** Invalidates the token. */
  expire(): void {
    this.#auth.expire();
  }

  /** Stores an image under `repository:tag`, and its manifests and blobs by digest. */
  push(name: string, image: TestImage): void {
    this.#contents.add(name, image);
  }

  /** The manifest of a tag or digest. */
  manifest(repository: string, reference: string): Buffer | undefined {
    return this.#contents.manifest(repository, reference)?.bytes;
  }

  /** The content of a blob in a repository. */
  blob(repository: string, digest: string): Buffer | undefined {
    return this.#contents.blob(repository, digest);
  }

  /** Points one tag to the manifest of another, both as `repository:tag`. */
  retag(from: string, to: string): void {
    this.#contents.retag(from, to);
  }

  /** Drops every unfinished upload. */
  dropSessions(): void {
    this.#push.dropSessions();
  }

  get #origin(): string {
    return `http://${this.host}`;
  }

  #refusal(): number | undefined {
    const [refusal, ...rest] = this.refusals;
    this.refusals = rest;
    return refusal;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse, origin: string): Promise<void> {
    incoming.on('error', () => {});
    response.on('error', () => {});
    const request = describeIncoming(incoming, new URL(incoming.url ?? '/', origin));
    this.seen.push(request);
    if (request.url.origin === this.#origin) await this.#serve(request, response);
    else await this.#playHost(request, response);
  }

  async #playHost(request: RegistryRequest, response: ServerResponse): Promise<void> {
    await readBody(request);
    const handler = this.hosts[request.url.origin];
    if (handler) handler(request, response);
    else response.writeHead(502).end();
  }

  async #serve(request: RegistryRequest, response: ServerResponse): Promise<void> {
    const { path, authorization } = request;
    const manifest = this.#pull.manifestAt(path);
    if (manifest && request.step !== 'manifest') {
      response.setHeader('content-type', manifest.mediaType);
      response.setHeader('docker-content-digest', manifest.digest);
    }
    const handled = await this.fault?.(request, response, manifest?.bytes ?? this.#pull.blobAt(path));
    if (handled === true) return;
    if (path !== '/token' && !this.#auth.accepts(authorization)) return void this.#auth.challenge(response);
    const body = await readBody(request);
    this.#respond(request, body, handled === 'after' ? DISCARDED : response);
    if (handled === 'after') response.socket?.resetAndDestroy();
  }

  #respond(request: RegistryRequest, body: Buffer, response: ServerResponse): void {
    if (request.path === '/token') this.#auth.sendToken(request.authorization, response);
    else if (request.path === '/v2/') response.end('{}');
    else if (['head', 'other'].includes(request.step)) this.#pull.respond(request, response);
    else this.#push.respond(request, body, response);
  }
}

/** Discards the response. */
const DISCARDED = {
  statusCode: 200,
  setHeader() {},
  hasHeader: () => false,
  writeHead: () => DISCARDED,
  end() {},
} as unknown as ServerResponse;
