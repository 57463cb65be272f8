import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTo, Daemon, freePort } from './program.ts';

/** Configuration of zot in addition to its port and storage. */
export interface ZotOptions {
  readonly host?: string;
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The path of an htpasswd file. */
  readonly htpasswd?: string;
  /** What authenticated users may do in every repository; without `update`, tags are immutable. */
  readonly allowed?: readonly ('read' | 'create' | 'update' | 'delete')[];
  /** Whether it accepts Docker schema 2 manifests, which zot does not by default. Default: true. */
  readonly acceptsDocker?: boolean;
}

/** A zot registry with its storage in a folder. */
export class Zot implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #daemon: Daemon;

  private constructor(host: string, daemon: Daemon) {
    this.host = host;
    this.#daemon = daemon;
  }

  static async start(
    folder: string,
    { host = '127.0.0.1', tls, htpasswd, allowed, acceptsDocker = true }: ZotOptions = {},
  ): Promise<Zot> {
    const port = await freePort();
    const config = join(folder, 'zot.json');
    const repositories = { '**': { defaultPolicy: allowed } };
    writeFileSync(
      config,
      JSON.stringify({
        distSpecVersion: '1.1.1',
        storage: { rootDirectory: join(folder, 'zot') },
        log: { level: 'error' },
        http: {
          address: '127.0.0.1',
          port: String(port),
          compat: acceptsDocker ? ['docker2s2'] : [],
          ...(tls && { tls }),
          ...(htpasswd && { auth: { htpasswd: { path: htpasswd } } }),
          ...(allowed && { accessControl: { repositories } }),
        },
      }),
    );
    const daemon = new Daemon('zot', ['serve', config]);
    await daemon.ready(() => connectTo(port));
    return new Zot(`${host}:${port}`, daemon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
