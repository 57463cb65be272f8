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

/** An image of a part: its name, and every blob that it needs. */
export interface SubsetImage {
  readonly name: Reference;
  readonly blobs: readonly Descriptor[];
}

/** Some names of a bundle with all that they need, as a bundle of its own; blobs stay in the file until they are read. */
export class BundleSubset implements Pick<ImageSource, 'blob'> {
  readonly plan: BundlePlan;
  readonly #bundle: BundleReader;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;

  private constructor(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    items: readonly BundleInput[],
  ) {
    this.#bundle = bundle;
    this.#entries = entries;
    this.plan = planTar(items);
  }

  /** @throws AirgapError `BUNDLE` */
  static async of(
    bundle: BundleReader,
    entries: ReadonlyMap<string, PlacedEntry>,
    images: readonly SubsetImage[],
  ): Promise<BundleSubset> {
    const blobs = new Map<string, BundleInput>();
    for (const { name: from, blobs: needed } of images)
      for (const blob of needed) {
        const name = blobPath(blob);
        blobs.set(name, { name, size: blob.size, content: { blob, from } });
      }
    const names = new Set(images.map(({ name }) => name.toString()));
    const items: BundleInput[] = [];
    for (const name of entries.keys()) {
      const item = blobs.get(name) ?? (await documentOf(bundle, entries, name, names, blobs));
      if (item) items.push(item);
    }
    return new BundleSubset(bundle, entries, items);
  }

  async blob(_name: Reference, blob: Descriptor, sink: BlobWriter, wanted: readonly Range[]): Promise<void> {
    const { offset } = this.#entries.get(blobPath(blob)) as PlacedEntry;
    for (const { start, end } of wanted)
      for (let at = start; at < end; at += READ_SIZE) {
        const bytes = await this.#bundle.bytes(offset + at, Math.min(READ_SIZE, end - at));
        await sink.write(bytes, at);
      }
  }
}

type Fields = Record<string, unknown>;

/** A document at the top, with what belongs to other names left out. */
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
    const manifests = named.filter(one => names.has(one.name ?? '')).map(({ descriptor }) => descriptor);
    return documentItem(name, { ...index, manifests });
  }
  if (name === 'manifest.json') {
    const images = (await bundle.document(entries, name)) as readonly Fields[];
    const own = images.filter(({ Config: config }) => blobs.has(String(config)));
    return documentItem(
      name,
      own.map(image => ({ ...image, RepoTags: ownTags(image.RepoTags, names) })),
    );
  }
  return name === 'oci-layout' ? documentItem(name, await bundle.document(entries, name)) : undefined;
}

function ownTags(tags: unknown, names: ReadonlySet<string>): string[] | null {
  const own = Array.isArray(tags) ? tags.filter(tag => names.has(tag)) : [];
  return own.length > 0 ? own : null;
}

function documentItem(name: string, document: unknown): BundleInput {
  const bytes = Buffer.from(JSON.stringify(document));
  return { name, size: bytes.length, content: { bytes } };
}
