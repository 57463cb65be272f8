import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Nginx } from './nginx.ts';
import { freePort } from './program.ts';
import type { LoggedRequest } from './request-log.ts';

/** nginx that serves the files of a folder over HTTPS and HTTP. */
export class WebServer implements AsyncDisposable {
  /** `https://localhost:PORT`, with the given certificate. */
  readonly https: string;
  /** `http://127.0.0.1:PORT`. */
  readonly http: string;
  readonly #nginx: Nginx;

  private constructor(https: string, http: string, nginx: Nginx) {
    this.https = https;
    this.http = http;
    this.#nginx = nginx;
  }

  /**
   * @param folder for its own files
   * @param files what is served
   * @param locations more locations of both servers
   */
  static async start(
    folder: string,
    files: string,
    tls: { readonly cert: string; readonly key: string },
    locations = '',
  ): Promise<WebServer> {
    const ports = { https: await freePort(), http: await freePort() };
    const server = (listen: string) =>
      `server { listen 127.0.0.1:${listen}; root ${files}; client_max_body_size 0; ${locations} }`;
    const certificate = `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};`;
    const http = `${certificate} ${server(`${ports.https} ssl`)} ${server(`${ports.http}`)}`;
    const nginx = await Nginx.start(folder, '127.0.0.1:9', { http });
    return new WebServer(`https://localhost:${ports.https}`, `http://127.0.0.1:${ports.http}`, nginx);
  }

  /** The requests whose path starts so, in order. */
  responses(start = '/'): LoggedRequest[] {
    return this.#nginx.responses().filter(({ path }) => path.startsWith(start));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#nginx[Symbol.asyncDispose]();
  }
}

/** Writes a password file of nginx. @returns its path */
export function passwordFile(folder: string, user: string, password: string): string {
  const path = join(folder, 'passwords');
  writeFileSync(path, `${user}:{PLAIN}${password}\n`);
  return path;
}
