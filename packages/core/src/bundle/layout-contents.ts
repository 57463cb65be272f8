import { BlobOrder } from '../layout/blob-order.ts';
import { RECIPE } from '../layout/delta-recipe.ts';
import { blobPath, DOCUMENTS } from '../layout/documents.ts';
import type { Layout } from '../layout/layout.ts';
import { readName } from '../layout/names.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { blobsOfManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import type { BundleInput } from './entry-content.ts';

/** A blob of a layout, and the names that need it. */
interface NamedBlob {
  readonly blob: Descriptor;
  readonly from: Reference;
  readonly images: Set<string>;
}

/** The contents of a bundle or a delta, for a plan that copies them. */
export class LayoutContents {
  readonly order = new BlobOrder();
  readonly #layout: Layout;
  readonly #blobs = new Map<string, NamedBlob>();

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Reads the documents and manifests. @throws AirgapError `BUNDLE`, `CONTENT`, `INPUT` for an invalid name */
  static async read(layout: Layout): Promise<LayoutContents> {
    const contents = new LayoutContents(layout);
    for (const { name, descriptor } of await layout.names()) {
      if (name === undefined) throw contents.#invalid('an image has no name');
      await contents.#addImage(readName(name, descriptor), descriptor);
    }
    return contents;
  }

  /** An entry as the input of a plan. @throws AirgapError `BUNDLE` for a blob that no image needs */
  async input(name: string, size: number): Promise<BundleInput> {
    if (name === RECIPE || DOCUMENTS.includes(name))
      return { name, size, content: { bytes: await this.#layout.documentBytes(name) } };
    const content = this.#blobs.get(name);
    if (content?.blob.size === size) return { name, size, content };
    throw this.#invalid(
      content ? `${name} has two sizes: ${content.blob.size} and ${size} bytes` : `no image needs ${name}`,
    );
  }

  /** The names of the images that need a blob. */
  imagesOf(blob: Pick<Descriptor, 'digest'>): readonly string[] {
    return [...(this.#blobs.get(blobPath(blob))?.images ?? [])];
  }

  async #addImage(name: Reference, root: Descriptor): Promise<void> {
    for await (const { descriptor, manifest } of walkManifests(this.#layout, root, rethrow)) {
      this.order.add(descriptor, manifest);
      this.#addBlob(name, descriptor);
      for (const blob of blobsOfManifest(manifest)) this.#addBlob(name, blob);
    }
  }

  #addBlob(from: Reference, blob: Descriptor): void {
    const path = blobPath(blob);
    const known = this.#blobs.get(path);
    if (known) known.images.add(from.toString());
    else this.#blobs.set(path, { blob, from, images: new Set([from.toString()]) });
  }

  #invalid(reason: string): AirgapError {
    return new AirgapError('BUNDLE', `invalid or incomplete bundle: ${reason}`, {
      where: { path: this.#layout.path },
      hint: 'Run airgap verify to list all problems, then fetch the bundle again.',
    });
  }
}
