import type { ImageClosure } from '../layout/image-closure.ts';
import type { RuntimeImage } from './runtime.ts';

/** What a runtime holds, by name and by digest. */
export class RuntimeInventory {
  readonly #byName = new Map<string, string>();
  readonly #ids = new Set<string>();

  constructor(held: readonly RuntimeImage[]) {
    for (const { id, names } of held) {
      this.#ids.add(id);
      for (const name of names) this.#byName.set(name, id);
    }
  }

  hasName({ name }: ImageClosure): boolean {
    return this.#byName.has(name.toString());
  }

  /**
   * The digest of what the runtime has under a name. A name with a digest is found by its image as well: not every
   * runtime keeps such names, and the digest says enough.
   */
  idOf({ name, ids }: ImageClosure): string | undefined {
    const named = this.#byName.get(name.toString());
    if (named !== undefined || name.digest === undefined) return named;
    return [...ids].find(id => this.#ids.has(id));
  }

  /** Whether an image is there for certain, all of it. Of an index the runtime may have pulled one platform only. */
  isComplete(image: ImageClosure): boolean {
    const id = this.idOf(image) ?? '';
    return image.ids.has(id) && !image.indexes.has(id);
  }
}
