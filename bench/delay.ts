import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Delays every request to an nginx: nginx sends an auth subrequest first, and this server answers it after the delay. No
 * response body passes through this process, so it does not use the CPU that is measured.
 */
export class Delay implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param milliseconds the delay of each request */
  static async start(milliseconds: number): Promise<Delay> {
    const server = createServer((_, response) => {
      setTimeout(() => response.writeHead(204).end(), milliseconds);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Delay(server);
  }

  /** The directives for nginx's locations and its server. */
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
