import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that tells every request it gets to whoever listens, and answers as it is told to. */
export class Witness implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(
    saw: (line: string) => void,
    answer: (response: ServerResponse, path: string) => void,
  ): Promise<Witness> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://witness');
      saw(`${request.method} ${pathname} ${request.headers.authorization ?? '-'}`);
      answer(response, pathname);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new Witness(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
