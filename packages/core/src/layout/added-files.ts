import type { RawManifest } from '../oci/manifest.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { DeltaRecipe } from './delta-recipe.ts';
import { blobPath } from './documents.ts';
import type { LayoutEntry, LayoutFiles, LayoutForm } from './layout-files.ts';

/** The files of a layout, and manifests that were made from its own. Its documents do not name these. */
export class AddedFiles implements LayoutFiles {
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  readonly #files: LayoutFiles;
  readonly #added: ReadonlyMap<string, Uint8Array>;

  constructor(files: LayoutFiles, manifests: readonly RawManifest[]) {
    this.#files = files;
    this.#added = new Map(manifests.map(manifest => [blobPath(manifest), manifest.bytes]));
    const entries = [...this.#added].map(([name, { length: size }]): [string, LayoutEntry] => [
      name,
      { name, size },
    ]);
    this.entries = new Map([...files.entries, ...entries]);
  }

  get form(): LayoutForm {
    return this.#files.form;
  }

  get location(): string {
    return this.#files.location;
  }

  get size(): number {
    return this.#files.size;
  }

  get recipe(): DeltaRecipe | undefined {
    return this.#files.recipe;
  }

  get absent(): ReadonlyMap<string, LayoutEntry> | undefined {
    return this.#files.absent;
  }

  async open(entry: LayoutEntry): Promise<RandomAccess> {
    const added = this.#added.get(entry.name);
    return added ? new MemoryBytes(Buffer.from(added), this.location) : this.#files.open(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }
}
