import { compareText } from '../model/text-order.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Manifest } from '../oci/manifest.ts';
import { RECIPE } from './delta-recipe.ts';
import { blobPath, DOCUMENTS } from './documents.ts';

/** What an entry of a bundle is. */
export type EntryKind = 'document' | 'manifest' | 'config' | 'layer';

/** The kinds of blobs, in the order of a bundle. */
const KINDS: readonly EntryKind[] = ['manifest', 'config', 'layer'];

/** The order of a bundle's entries: the documents, then manifests, configs and layers, each sorted by digest. */
export class BlobOrder {
  readonly #manifests = new Set<string>();
  readonly #configs = new Set<string>();

  /** Adds a manifest of the bundle. */
  add(descriptor: Descriptor, manifest: Manifest): void {
    this.#manifests.add(blobPath(descriptor));
    if (manifest.kind === 'image') this.#configs.add(blobPath(manifest.config));
  }

  /** These entry names, in order. */
  sort(names: readonly string[]): string[] {
    return [...names].sort((a, b) => this.#compare(a, b));
  }

  /** What the entry with this name is. */
  kindOf(name: string): EntryKind {
    if (name === RECIPE) return 'document';
    const rank = this.#rank(name) - DOCUMENTS.length;
    if (rank < 0) return 'document';
    return KINDS[rank] ?? 'layer';
  }

  /** Whether these entry names are in order. */
  isSorted(names: readonly string[]): boolean {
    return names.every((name, at) => at === 0 || this.#compare(names[at - 1] ?? '', name) < 0);
  }

  #compare(a: string, b: string): number {
    return this.#rank(a) - this.#rank(b) || compareText(a, b);
  }

  #rank(name: string): number {
    const document = DOCUMENTS.indexOf(name);
    if (document >= 0) return document;
    if (this.#manifests.has(name)) return DOCUMENTS.length;
    return DOCUMENTS.length + (this.#configs.has(name) ? 1 : 2);
  }
}
