import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import type { Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

/** containerd, which keeps everything as it is. Its images live in namespaces: Kubernetes looks in `k8s.io`. */
export class Containerd implements Runtime {
  readonly title: string;
  readonly #client: Client;

  /** @param namespace ctr's own choice when left out */
  constructor(namespace: string | undefined) {
    this.title = namespace === undefined ? 'containerd' : `containerd (${namespace})`;
    this.#client = new Client('ctr', namespace === undefined ? [] : ['--namespace', namespace]);
  }

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const [, ...lines] = (await this.#client.query(['images', 'ls'], signal)).split('\n').filter(Boolean);
    // REF, TYPE, DIGEST and more.
    return lines.map(line => {
      const [name = '', , id = ''] = line.split(/\s+/);
      return { id, names: canonicalName(name) };
    });
  }

  load(feed: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#import([], feed, signal);
  }

  /** What is no image would make it fail where it unpacks layers. */
  importArtifacts(feed: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#import(['--no-unpack'], feed, signal);
  }

  #import(flags: readonly string[], feed: WriteBundle, signal: AbortSignal): Promise<void> {
    // Of an index it would keep only what is for this machine, and lose the rest.
    return this.#client.import(['images', 'import', '--all-platforms', ...flags, '-'], feed, signal);
  }
}
