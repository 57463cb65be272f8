import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificates } from '../programs/certificates.ts';

/** A request as the host saw it that it was meant for. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly body: string;
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

/** Every host there is, behind one proxy on loopback: each answers as it is told to, and all requests are listed. */
export class Witness implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Origin → what it answers; there is nobody at any other. */
  hosts: Readonly<Record<string, Answer>> = {};
  /** What the proxy answers the next tunnels instead of opening them. */
  refusals: readonly number[] = [];
  readonly #proxy: Server;
  readonly #tls: TlsServer;
  readonly #sockets = new Set<Socket>();

  private constructor({ cert, key }: Certificates['server']) {
    this.#proxy = createServer((request, response) =>
      this.#answer(new URL(request.url ?? ''), request, response),
    );
    this.#tls = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
      const url = new URL(request.url ?? '', `https://${request.headers.host}`);
      void this.#answer(url, request, response);
    });
    this.#proxy.on('connection', socket => this.#sockets.add(socket));
    this.#proxy.on('connect', (_request, socket: Socket, head: Buffer) => {
      const [refusal, ...later] = this.refusals;
      this.refusals = later;
      if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.unshift(head);
      this.#tls.emit('connection', socket);
    });
  }

  /**
   * @param certificate the one of every host with TLS
   * @param others but of these
   */
  static async start(
    certificate: Certificates['server'],
    others: Readonly<Record<string, Certificates['server']>> = {},
  ): Promise<Witness> {
    const witness = new Witness(certificate);
    for (const [host, { cert, key }] of Object.entries(others))
      witness.#tls.addContext(host, { cert: readFileSync(cert), key: readFileSync(key) });
    await new Promise<void>(resolve => witness.#proxy.listen(0, '127.0.0.1', resolve));
    return witness;
  }

  /** `127.0.0.1:PORT` of the proxy. */
  get host(): string {
    return `127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#proxy.close(resolve));
  }

  async #answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const { authorization, range } = headers;
    response.on('error', () => {});
    const asked = { method, url, authorization, range, body: await text(request) };
    this.asked.push(asked);
    const answer = this.hosts[url.origin];
    if (answer) answer(asked, response);
    else response.writeHead(502).end();
  }
}
