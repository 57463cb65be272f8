import { blobPath } from '../layout/documents.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { Range } from '../store/ranges.ts';
import { planTar } from '../tar/plan.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { BundleInput, BundlePlan } from './entry-content.ts';
import type { BundleReader } from './reader.ts';

/** In bytes. */
const READ_SIZE = 256 * 1024;

/** An image of a subset: its name and all of its blobs. */
export interface SubsetImage {
  readonly name: Reference;
  readonly blobs: readonly Descriptor[];
}

/** Some images of a bundle as a bundle of their own. Blobs are read from the original file on demand. */
export class BundleSubset implements Pick<ImageSource, 'blob'> {
  readonly plan: BundlePlan;
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;

  private constructor(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    inputs: readonly BundleInput[],
  ) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.plan = planTar(inputs);
  }

  /** @throws AirgapError `BUNDLE` */
  static async of(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    images: readonly SubsetImage[],
  ): Promise<BundleSubset> {
    const blobs = new Map<string, BundleInput>();
    for (const image of images)
      for (const blob of image.blobs) {
        const name = blobPath(blob);
        blobs.set(name, { name, size: blob.size, content: { blob, from: image.name } });
      }
    const names = new Set(images.map(({ name }) => name.toString()));
    const inputs: BundleInput[] = [];
    for (const name of entries.keys()) {
      const input = blobs.get(name) ?? (await documentOf(bundle, entries, name, names, blobs));
      if (input) inputs.push(input);
    }
    return new BundleSubset(bundle, entries, inputs);
  }

  async blob(
    _name: Reference,
    blob: Descriptor,
    sink: BlobWriter,
    requested: readonly Range[],
  ): Promise<void> {
    const { offset } = this.#entries.get(blobPath(blob)) as PlacedEntry;
    for (const { start, end } of requested)
      for (let at = start; at < end; at += READ_SIZE) {
        const bytes = await this.#bundle.bytes(offset + at, Math.min(READ_SIZE, end - at));
        await sink.write(bytes, at);
      }
  }
}

type Fields = Record<string, unknown>;

/** A document of the layout without the names and images that are not in the subset. */
async function documentOf(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  name: string,
  names: ReadonlySet<string>,
  blobs: ReadonlyMap<string, BundleInput>,
): Promise<BundleInput | undefined> {
  if (name === 'index.json') {
    const index = (await bundle.document(entries, name)) as Fields;
    const named = await bundle.names(entries);
    const manifests = named.filter(({ name }) => names.has(name ?? '')).map(({ descriptor }) => descriptor);
    return documentInput(name, { ...index, manifests });
  }
  if (name === 'manifest.json') {
    const images = (await bundle.document(entries, name)) as readonly Fields[];
    const selected = images.filter(({ Config: config }) => blobs.has(String(config)));
    return documentInput(
      name,
      selected.map(image => ({ ...image, RepoTags: selectTags(image.RepoTags, names) })),
    );
  }
  return name === 'oci-layout' ? documentInput(name, await bundle.document(entries, name)) : undefined;
}

function selectTags(tags: unknown, names: ReadonlySet<string>): string[] | null {
  const selected = Array.isArray(tags) ? tags.filter(tag => names.has(tag)) : [];
  return selected.length > 0 ? selected : null;
}

function documentInput(name: string, document: unknown): BundleInput {
  const bytes = Buffer.from(JSON.stringify(document));
  return { name, size: bytes.length, content: { bytes } };
}
