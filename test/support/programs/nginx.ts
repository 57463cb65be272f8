import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePort } from './program.ts';
import { fromNginx, type LoggedRequest, NGINX_FORMAT } from './request-log.ts';

/** nginx as a reverse proxy of a registry. */
export class Nginx implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #log: string;
  readonly #daemon: Daemon;

  private constructor(host: string, log: string, daemon: Daemon) {
    this.host = host;
    this.#log = log;
    this.#daemon = daemon;
  }

  /**
   * @param upstream the host of the registry
   * @param directives more directives for the proxying location, the server and the http block
   */
  static async start(
    folder: string,
    upstream: string,
    directives: { location?: string; server?: string; http?: string } = {},
  ): Promise<Nginx> {
    const port = await freePort();
    const log = join(folder, 'access.log');
    const config = join(folder, 'nginx.conf');
    mkdirSync(join(folder, 'tmp'), { recursive: true });
    writeFileSync(
      config,
      `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; user root;
events { worker_connections 1024; }
http {
  log_format requests '${NGINX_FORMAT}';
  access_log ${log} requests;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/tmp/${kind};`).join(' ')}
  ${directives.http ?? ''}
  server {
    listen 127.0.0.1:${port} sndbuf=64k;
    location / {
      proxy_pass http://${upstream};
      proxy_set_header Host $http_host;
      # Unbuffered, limit_rate has no effect.
      proxy_max_temp_file_size 0;
      ${directives.location ?? ''}
    }
    ${directives.server ?? ''}
  }
}
`,
    );
    const daemon = new Daemon('nginx', ['-c', config, '-e', join(folder, 'error.log')]);
    await daemon.ready(() => fetch(`http://127.0.0.1:${port}/v2/`));
    return new Nginx(`127.0.0.1:${port}`, log, daemon);
  }

  /** The requests so far. */
  responses(): LoggedRequest[] {
    return fromNginx(readFileSync(this.#log, 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
