import { join } from 'node:path';
import { Daemon, output } from './program.ts';

/** A containerd daemon with all its state in one folder. */
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

  /** The environment that connects clients to this daemon. */
  get environment(): Record<string, string> {
    return { CONTAINERD_ADDRESS: this.#address, CONTAINERD_SNAPSHOTTER: 'native' };
  }

  /** Runs `ctr`. */
  ctr(...args: string[]): Promise<string> {
    return output('ctr', '--address', this.#address, ...args);
  }

  /** Names and digests of its images, sorted. */
  async images(namespace = 'default'): Promise<(string | undefined)[][]> {
    const list = await this.ctr('--namespace', namespace, 'images', 'list');
    const lines = list.trim().split('\n').slice(1);
    const rows = lines.map(line => line.split(/\s+/));
    return rows.map(columns => [columns[0], columns[2]]).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
  }
}
