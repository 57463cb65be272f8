import { formatPlatform } from '../oci/platform.ts';
import type { ReadOutput } from '../process/run-program.ts';
import { canonicalName } from './canonical-name.ts';
import { Client } from './client.ts';
import { parseSize } from './parse-size.ts';
import type { ExportRequest, Runtime, RuntimeImage, WriteBundle } from './runtime.ts';

/** containerd, which stores manifests and layers unchanged. Images are in namespaces; Kubernetes uses `k8s.io`. */
export class Containerd implements Runtime {
  readonly title: string;
  readonly keepsManifests = true;
  readonly #client: Client;

  /** @param namespace the default of ctr when omitted */
  constructor(namespace: string | undefined) {
    this.title = namespace === undefined ? 'containerd' : `containerd (${namespace})`;
    this.#client = new Client('ctr', namespace === undefined ? [] : ['--namespace', namespace]);
  }

  async images(signal: AbortSignal): Promise<RuntimeImage[]> {
    const table = await this.#client.query(['images', 'ls'], signal);
    const rows = table.split('\n').filter(Boolean).slice(1);
    return rows.map(row => {
      const [name = '', _type, digest = '', size = '', unit = ''] = row.split(/\s+/);
      return { id: digest, names: canonicalName(name), size: parseSize(`${size}${unit}`) };
    });
  }

  load(writeBundle: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#import([], writeBundle, signal);
  }

  /** Imports without unpacking, which would fail for layers of an artifact. */
  importArtifacts(writeBundle: WriteBundle, signal: AbortSignal): Promise<void> {
    return this.#import(['--no-unpack'], writeBundle, signal);
  }

  export({ names, platforms }: ExportRequest, output: ReadOutput, signal: AbortSignal): Promise<void> {
    const chosen =
      platforms === 'all'
        ? ['--all-platforms']
        : platforms.flatMap(platform => ['--platform', formatPlatform(platform)]);
    return this.#client.export(['images', 'export', ...chosen, '-', ...names], output, signal);
  }

  #import(flags: readonly string[], writeBundle: WriteBundle, signal: AbortSignal): Promise<void> {
    // By default, ctr imports only the platform of this machine from an index.
    return this.#client.import(['images', 'import', '--all-platforms', ...flags, '-'], writeBundle, signal);
  }
}
