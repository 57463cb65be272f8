import type { Layout } from '../../layout/layout.ts';
import { type NamedImage, readName } from '../../layout/names.ts';
import { rethrow, walkManifests } from '../../layout/walk.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { lastSegment } from '../../reference/relocation.ts';
import { uncompressedLayers } from './saved-image.ts';

/**
 * What a customer's registry has after a base was pushed by KOTS, which looks for a layer in its own repository only:
 * the one with the same last path component. A base may itself lack layers, as a delta does.
 */
export class DeltaBase {
  readonly #layers = new Map<string, Set<string>>();
  readonly #images = new Map<string, string>();

  /** @throws AirgapError `BUNDLE`, `CONTENT` */
  static async read(layout: Layout): Promise<DeltaBase> {
    const base = new DeltaBase();
    for (const { name: text, descriptor } of await layout.names()) {
      if (text === undefined) continue;
      const name = readName(text, descriptor).canonical();
      await base.#add(layout, { name, root: descriptor });
    }
    return base;
  }

  /** Whether a repository has a layer. */
  has(repository: string, { digest }: Pick<Descriptor, 'digest'>): boolean {
    return this.#layers.get(repository)?.has(digest) ?? false;
  }

  /** Whether a name points to this digest. */
  hasImage(name: string, digest: string): boolean {
    return this.#images.get(name) === digest;
  }

  async #add(layout: Layout, { name, root }: NamedImage): Promise<void> {
    this.#images.set(name.toString(), root.digest);
    const repository = lastSegment(name);
    const known = this.#layers.get(repository) ?? new Set();
    this.#layers.set(repository, known);
    for await (const { manifest } of walkManifests(layout, root, rethrow)) {
      if (manifest.kind === 'index') continue;
      const changed = name.digest === undefined ? uncompressedLayers(manifest) : [];
      for (const layer of manifest.layers) if (!changed.includes(layer)) known.add(layer.digest);
    }
  }
}
