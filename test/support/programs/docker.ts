import { join } from 'node:path';
import { Daemon, output } from './program.ts';

/** A docker daemon with all its state in one folder. */
export class Docker implements AsyncDisposable {
  readonly #daemon: Daemon;
  readonly #socket: string;

  private constructor(folder: string) {
    const file = (name: string) => join(folder, name);
    this.#socket = `unix://${file('docker.sock')}`;
    const flags = ['--iptables=false', '--bridge=none', '--storage-driver=vfs', '-H', this.#socket];
    const folders = ['--data-root', file('docker'), '--exec-root', file('docker-run')];
    this.#daemon = new Daemon('dockerd', [...flags, ...folders, '--pidfile', file('docker.pid')]);
  }

  static async start(folder: string): Promise<Docker> {
    const docker = new Docker(folder);
    await docker.#daemon.ready(() => docker.run('version'));
    return docker;
  }

  /** The environment that connects clients to this daemon. */
  get environment(): Record<string, string> {
    return { DOCKER_HOST: this.#socket };
  }

  /** Runs `docker`. */
  run(...args: string[]): Promise<string> {
    return output('docker', '-H', this.#socket, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
