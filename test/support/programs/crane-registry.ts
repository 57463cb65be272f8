import { connectTo, Daemon, freePort } from './program.ts';

/** The registry of crane: in memory, without TLS or authentication. */
export class CraneRegistry implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #daemon: Daemon;

  private constructor(host: string, daemon: Daemon) {
    this.host = host;
    this.#daemon = daemon;
  }

  static async start(): Promise<CraneRegistry> {
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const daemon = new Daemon('crane', ['registry', 'serve', '--address', host]);
    await daemon.ready(() => connectTo(port));
    return new CraneRegistry(host, daemon);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
