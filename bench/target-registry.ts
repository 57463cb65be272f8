import { mkdirSync } from 'node:fs';
import { type Certificates, makeCertificates } from '../test/support/programs/certificates.ts';
import { Distribution } from '../test/support/programs/distribution.ts';
import { Nginx } from '../test/support/programs/nginx.ts';
import type { LoggedRequest } from '../test/support/programs/request-log.ts';
import { Delay } from './delay.ts';
import type { LoggingServer } from './traffic.ts';
import type { WorkDir } from './work-dir.ts';

/** How a registry is reached. */
export interface Access {
  /** With a certificate of a private authority. */
  readonly tls?: boolean;
  /** The delay of each request, in ms. */
  readonly delay?: number;
}

/** A registry, or nginx in front of it. */
type Server = Distribution | Nginx;

/** A real registry to push to, empty at the start of each run. */
export class TargetRegistry implements AsyncDisposable, LoggingServer {
  readonly #workDir: WorkDir;
  readonly #certificates: Certificates | undefined;
  readonly #delay: Delay | undefined;
  /** What runs now, the innermost first. */
  readonly #running: Server[] = [];

  private constructor(workDir: WorkDir, certificates: Certificates | undefined, delay: Delay | undefined) {
    this.#workDir = workDir;
    this.#certificates = certificates;
    this.#delay = delay;
  }

  /** @param workDir holds the registry's storage */
  static async open(workDir: WorkDir, { tls = false, delay }: Access): Promise<TargetRegistry> {
    return new TargetRegistry(
      workDir,
      tls ? await makeCertificates(workDir.state, 'IP:127.0.0.1') : undefined,
      delay === undefined ? undefined : await Delay.start(delay),
    );
  }

  /** Replaces the registry with an empty one; its host is another one. */
  async renew(): Promise<void> {
    await this.#stop();
    const folder = this.#workDir.path('registry');
    mkdirSync(folder);
    const registry = await Distribution.start(folder, { http: this.#http, logsRequests: true });
    this.#running.push(registry);
    if (this.#delay) this.#running.push(await this.#behind(this.#delay, registry.host));
  }

  get host(): string {
    return this.#outermost.host;
  }

  responses(): LoggedRequest[] {
    return this.#outermost.responses();
  }

  /** The file of the certificate authority. */
  get ca(): string | undefined {
    return this.#certificates?.ca;
  }

  get #outermost(): Server {
    const server = this.#running.at(-1);
    if (server === undefined) throw new Error('no registry is running');
    return server;
  }

  get #http(): object {
    if (this.#certificates === undefined) return {};
    const { cert: certificate, key } = this.#certificates.server;
    return { tls: { certificate, key } };
  }

  #behind({ directives }: Delay, upstream: string): Promise<Nginx> {
    const location = `proxy_request_buffering off; ${directives.location}`;
    const server = `client_max_body_size 0; ${directives.server}`;
    return Nginx.start(this.#workDir.state, upstream, { location, server });
  }

  async #stop(): Promise<void> {
    for (const running of this.#running.splice(0).reverse()) await running[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#delay?.[Symbol.asyncDispose]();
  }
}
