import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectTo, Daemon, freePort } from './program.ts';

/** tinyproxy on loopback, as an http proxy. */
export class Tinyproxy implements AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #log: string;
  readonly #daemon: Daemon;

  private constructor(host: string, log: string, daemon: Daemon) {
    this.host = host;
    this.#log = log;
    this.#daemon = daemon;
  }

  /** @param settings more lines of its configuration, for example `BasicAuth user password` */
  static async start(folder: string, ...settings: string[]): Promise<Tinyproxy> {
    const port = await freePort();
    const config = join(folder, `tinyproxy-${port}.conf`);
    const log = join(folder, `tinyproxy-${port}.log`);
    writeFileSync(log, '', { mode: 0o666 });
    const lines = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Timeout 60',
      `LogFile "${log}"`,
      'LogLevel Connect',
      ...settings,
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    const daemon = new Daemon('tinyproxy', ['-d', '-c', config]);
    await daemon.ready(() => connectTo(port));
    return new Tinyproxy(`127.0.0.1:${port}`, log, daemon);
  }

  /** Its log, one request per line. */
  get log(): string {
    return readFileSync(this.#log, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
