import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Lets every request of an nginx wait: nginx asks it first, and it takes its time to agree. So no byte of an answer goes
 * through this process, whose work would otherwise take from the machine that is measured.
 */
export class Delay implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param milliseconds how long each request waits */
  static async start(milliseconds: number): Promise<Delay> {
    const server = createServer((_, response) => {
      setTimeout(() => response.writeHead(204).end(), milliseconds);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Delay(server);
  }

  /** What nginx's locations say to wait for it, and what its server has besides. */
  get directives(): { location: string; server: string } {
    const { port } = this.#server.address() as AddressInfo;
    return {
      location: 'auth_request /delay;',
      server: `location = /delay {
      internal; proxy_pass http://127.0.0.1:${port}; proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
