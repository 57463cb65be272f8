import { realpath } from 'node:fs/promises';

/** Files that were met already, whatever they were called: a file that is named twice says nothing twice. */
export class DistinctFiles {
  readonly #met = new Set<string>();

  /** Those of some things whose file or folder was not met before, in their order; what is no file is always kept. */
  async keep<One>(all: readonly One[], pathOf: (one: One) => string): Promise<One[]> {
    const kept: One[] = [];
    for (const one of all) {
      const path = await realpath(pathOf(one)).catch(() => undefined);
      if (path !== undefined && this.#met.has(path)) continue;
      if (path !== undefined) this.#met.add(path);
      kept.push(one);
    }
    return kept;
  }
}
