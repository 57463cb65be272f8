import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, freePort } from './program.ts';

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
  log_format bytes '$status $body_bytes_sent $request_uri';
  access_log ${log} bytes;
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

  /** The responses so far: status, body size in bytes and path. */
  responses(): { status: number; bytes: number; path: string }[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n').filter(Boolean);
    return lines.map(line => {
      const [status, bytes, path = ''] = line.split(' ');
      return { status: Number(status), bytes: Number(bytes), path };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
