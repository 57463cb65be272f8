import { blobPath } from '../layout/documents.ts';
import type { Layout } from '../layout/layout.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import { planTar } from '../tar/plan.ts';
import type { BundleInput, BundlePlan } from './entry-content.ts';

/** An image of a subset: its name and all of its blobs. */
export interface SubsetImage {
  readonly name: Reference;
  readonly blobs: readonly Descriptor[];
}

/** Plans a bundle of some images of a layout, in the order of the layout. @throws AirgapError `BUNDLE` */
export async function planSubset(layout: Layout, images: readonly SubsetImage[]): Promise<BundlePlan> {
  const blobs = new Map<string, BundleInput>();
  for (const { name: from, blobs: needed } of images)
    for (const blob of needed) {
      const name = blobPath(blob);
      const content = { blob, from, images: new Set([from.toString()]) };
      blobs.set(name, { name, size: blob.size, content });
    }
  const names = new Set(images.map(({ name }) => name.toString()));
  const inputs: BundleInput[] = [];
  for (const name of layout.entries.keys()) {
    const input = blobs.get(name) ?? (await documentOf(layout, name, names, blobs));
    if (input) inputs.push(input);
  }
  return planTar(inputs);
}

type Fields = Record<string, unknown>;

/** A document of the layout without the names and images that are not in the subset. */
async function documentOf(
  layout: Layout,
  name: string,
  names: ReadonlySet<string>,
  blobs: ReadonlyMap<string, BundleInput>,
): Promise<BundleInput | undefined> {
  if (name === 'index.json') {
    const index = (await layout.document(name)) as Fields;
    const named = await layout.names();
    // As they are, so that the keys keep their order.
    const descriptors = index.manifests as readonly unknown[];
    const manifests = descriptors.filter((_, at) => names.has(named[at]?.name ?? ''));
    return documentInput(name, { ...index, manifests });
  }
  if (name === 'manifest.json') {
    const images = (await layout.document(name)) as readonly Fields[];
    const selected = images.filter(({ Config: config }) => blobs.has(String(config)));
    return documentInput(
      name,
      selected.map(image => ({ ...image, RepoTags: selectTags(image.RepoTags, names) })),
    );
  }
  return name === 'oci-layout' ? documentInput(name, await layout.document(name)) : undefined;
}

function selectTags(tags: unknown, names: ReadonlySet<string>): string[] | null {
  const selected = Array.isArray(tags) ? tags.filter(tag => names.has(tag)) : [];
  return selected.length > 0 ? selected : null;
}

function documentInput(name: string, document: unknown): BundleInput {
  const bytes = Buffer.from(JSON.stringify(document));
  return { name, size: bytes.length, content: { bytes } };
}
