import type { ImageClosure } from '../layout/image-closure.ts';
import type { RuntimeImage } from './runtime.ts';

/** The images of a runtime, by name and by ID. */
export class RuntimeInventory {
  readonly #byName = new Map<string, string>();
  readonly #ids = new Set<string>();

  constructor(images: readonly RuntimeImage[]) {
    for (const { id, names } of images) {
      this.#ids.add(id);
      for (const name of names) this.#byName.set(name, id);
    }
  }

  hasName({ name }: ImageClosure): boolean {
    return this.#byName.has(name.toString());
  }

  /**
   * The ID of the image with this name. An image pinned by digest is also found by its IDs, because some runtimes do
   * not store names with digests.
   */
  idOf({ name, ids }: ImageClosure): string | undefined {
    const id = this.#byName.get(name.toString());
    if (id !== undefined || name.digest === undefined) return id;
    return [...ids].find(candidate => this.#ids.has(candidate));
  }

  /** Whether the image is certainly complete. For an index, the runtime may have pulled a single platform. */
  isComplete(image: ImageClosure): boolean {
    const id = this.idOf(image) ?? '';
    return image.ids.has(id) && !image.indexes.has(id);
  }
}
