import { realpath } from 'node:fs/promises';

/** Removes duplicate files by their real path, so that a file passed twice is read once. */
export class DistinctFiles {
  readonly #seen = new Set<string>();

  /** Returns the items whose file or folder was not seen before, in order; always includes items without a file. */
  async distinct<Item>(items: readonly Item[], pathOf: (item: Item) => string): Promise<Item[]> {
    const distinct: Item[] = [];
    for (const item of items) {
      const path = await realpath(pathOf(item)).catch(() => undefined);
      if (path !== undefined && this.#seen.has(path)) continue;
      if (path !== undefined) this.#seen.add(path);
      distinct.push(item);
    }
    return distinct;
  }
}
