import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificates } from '../support/programs/certificates.ts';

/** A request as its host received it. */
export interface RecordedRequest {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: string;
}

export type Handler = (request: RecordedRequest, response: ServerResponse) => void;

/** An HTTP proxy on loopback that plays every host: each host has its own handler, and all requests are recorded. */
export class RecordingServer implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  /** Origin → its handler; the proxy answers 502 for any other origin. */
  hosts: Readonly<Record<string, Handler>> = {};
  /** Status codes with which the proxy refuses the next CONNECT requests. */
  refusals: readonly number[] = [];
  readonly #proxy: Server;
  readonly #tls: TlsServer;
  readonly #sockets = new Set<Socket>();

  private constructor({ cert, key }: Certificates['server']) {
    this.#proxy = createServer((request, response) =>
      this.#handle(new URL(request.url ?? ''), request, response),
    );
    this.#tls = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const url = new URL(request.url ?? '', `https://${request.headers.host}`);
      void this.#handle(url, request, response);
    });
    this.#proxy.on('connection', socket => this.#sockets.add(socket));
    this.#proxy.on('connect', (_request, socket: Socket, head: Buffer) => {
      const refusal = this.refusals[0];
      this.refusals = this.refusals.slice(1);
      if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.unshift(head);
      this.#tls.emit('connection', socket);
    });
  }

  /**
   * @param certificate the certificate of every host with TLS
   * @param others host → its own certificate
   */
  static async start(
    certificate: Certificates['server'],
    others: Readonly<Record<string, Certificates['server']>> = {},
  ): Promise<RecordingServer> {
    const server = new RecordingServer(certificate);
    for (const [host, { cert, key }] of Object.entries(others))
      server.#tls.addContext(host, { cert: readFileSync(cert), key: readFileSync(key) });
    await new Promise<void>(resolve => server.#proxy.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** `127.0.0.1:PORT` of the proxy. */
  get host(): string {
    return `127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#proxy.close(resolve));
  }

  async #handle(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const { authorization, range } = headers;
    response.on('error', () => {});
    const recorded = { method, url, authorization, range, body: await text(request) };
    this.requests.push(recorded);
    const handler = this.hosts[url.origin];
    if (handler) handler(recorded, response);
    else response.writeHead(502).end();
  }
}
