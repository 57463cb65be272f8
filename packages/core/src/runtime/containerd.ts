import { Client } from './client.ts';
import { heldName } from './canonical-name.ts';
import type { Feed, HeldImage, Runtime } from './runtime.ts';

/** containerd, which keeps everything as it is. Its images live in namespaces: Kubernetes looks in `k8s.io`. */
export class Containerd implements Runtime {
  readonly title: string;
  readonly #client: Client;

  /** @param namespace ctr's own choice when left out */
  constructor(namespace: string | undefined) {
    this.title = namespace === undefined ? 'containerd' : `containerd (${namespace})`;
    this.#client = new Client('ctr', namespace === undefined ? [] : ['--namespace', namespace]);
  }

  async images(signal: AbortSignal): Promise<HeldImage[]> {
    const [, ...lines] = (await this.#client.ask(['images', 'ls'], signal)).split('\n').filter(Boolean);
    // REF, TYPE, DIGEST and more.
    return lines.map(line => {
      const [name = '', , id = ''] = line.split(/\s+/);
      return { id, names: heldName(name) };
    });
  }

  load(feed: Feed, signal: AbortSignal): Promise<void> {
    return this.#import([], feed, signal);
  }

  /** What is no image would make it fail where it unpacks layers. */
  keep(feed: Feed, signal: AbortSignal): Promise<void> {
    return this.#import(['--no-unpack'], feed, signal);
  }

  #import(flags: readonly string[], feed: Feed, signal: AbortSignal): Promise<void> {
    // Of an index it would keep only what is for this machine, and lose the rest.
    return this.#client.feed(['images', 'import', '--all-platforms', ...flags, '-'], feed, signal);
  }
}
