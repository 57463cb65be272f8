import { imageClosure } from '../../layout/image-closure.ts';
import type { Layout } from '../../layout/layout.ts';
import { readName } from '../../layout/names.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { lastSegment } from '../../reference/relocation.ts';

/**
 * What a customer's registry has after a base was pushed by KOTS, which looks for a layer in its own repository only:
 * the one with the same last path component.
 */
export class DeltaBase {
  readonly #blobs = new Map<string, Set<string>>();
  readonly #images = new Map<string, string>();

  /** @throws AirgapError `BUNDLE`, `CONTENT` */
  static async read(layout: Layout): Promise<DeltaBase> {
    const base = new DeltaBase();
    for (const { name: text, descriptor } of await layout.names()) {
      if (text === undefined) continue;
      const name = readName(text, descriptor).canonical();
      const { blobs } = await imageClosure(layout, { name, root: descriptor });
      const repository = lastSegment(name);
      const known = base.#blobs.get(repository) ?? new Set();
      for (const { digest } of blobs) known.add(digest);
      base.#blobs.set(repository, known);
      base.#images.set(name.toString(), descriptor.digest);
    }
    return base;
  }

  /** Whether a repository has a blob. */
  has(repository: string, { digest }: Pick<Descriptor, 'digest'>): boolean {
    return this.#blobs.get(repository)?.has(digest) ?? false;
  }

  /** Whether a name points to this digest. */
  hasImage(name: string, digest: string): boolean {
    return this.#images.get(name) === digest;
  }
}
