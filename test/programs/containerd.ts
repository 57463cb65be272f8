import { join } from 'node:path';
import { Daemon, output } from './program.ts';

/** A containerd with everything that it keeps in a folder. */
export class Containerd implements AsyncDisposable {
  readonly #daemon: Daemon;
  readonly #address: string;

  private constructor(folder: string) {
    const file = (name: string) => join(folder, name);
    this.#address = file('containerd.sock');
    const folders = ['--root', file('containerd'), '--state', file('containerd-run')];
    this.#daemon = new Daemon('containerd', ['--address', this.#address, ...folders]);
  }

  static async start(folder: string): Promise<Containerd> {
    const containerd = new Containerd(folder);
    await containerd.#daemon.ready(() => containerd.ctr('version'));
    return containerd;
  }

  /** What makes any client speak to this daemon. */
  get environment(): Record<string, string> {
    return { CONTAINERD_ADDRESS: this.#address, CONTAINERD_SNAPSHOTTER: 'native' };
  }

  /** Runs its client. */
  ctr(...args: string[]): Promise<string> {
    return output('ctr', '--address', this.#address, ...args);
  }

  /** Names and digests of the images that are there, sorted. */
  async images(namespace = 'default'): Promise<(string | undefined)[][]> {
    const [, ...lines] = (await this.ctr('--namespace', namespace, 'images', 'list')).trim().split('\n');
    return lines
      .map(line => line.split(/\s+/))
      .map(([name, , digest]) => [name, digest])
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
