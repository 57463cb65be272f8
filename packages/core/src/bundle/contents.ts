import { BlobOrder } from '../layout/blob-order.ts';
import { blobPath, indexJson, manifestJson, ociLayout } from '../layout/documents.ts';
import { bundleNames } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { descriptorOf, parseManifest } from '../oci/manifest.ts';
import { blobsOf, type ResolvedImage } from '../resolve/resolved-image.ts';
import type { BundleInput, EntryContent } from './entry-content.ts';

/**
 * Lists the entries of a bundle of these images, in order: the three documents, then manifests, configs and layers,
 * each group sorted by digest, each digest once.
 *
 * @param order of the blobs of these images
 * @throws AirgapError `CONTENT` when two manifests declare different sizes for one digest
 */
export function bundleEntries(
  images: readonly ResolvedImage[],
  order: BlobOrder = blobOrder(images),
): BundleInput[] {
  const names = bundleNames(images);
  const blobs = new BlobSet();
  for (const image of images) addBlobs(blobs, image);
  return [
    document('oci-layout', ociLayout()),
    document('index.json', indexJson(names)),
    document('manifest.json', manifestJson(names)),
    ...blobs.inOrder(order),
  ];
}

/** The order of the blobs of these images in a bundle. */
export function blobOrder(images: readonly ResolvedImage[]): BlobOrder {
  const order = new BlobOrder();
  for (const { manifests } of images)
    for (const manifest of manifests) order.add(descriptorOf(manifest), parseManifest(manifest));
  return order;
}

function addBlobs(blobs: BlobSet, image: ResolvedImage): void {
  const from = image.reference;
  const manifests = image.manifests.map(({ digest, bytes }): [Digest, Uint8Array] => [digest, bytes]);
  const configs = image.configs.map(({ digest, bytes }): [Digest, Uint8Array] => [digest, bytes]);
  const known = new Map([...manifests, ...configs]);
  for (const blob of [...image.manifests.map(descriptorOf), ...blobsOf(image)]) {
    const bytes = known.get(blob.digest);
    blobs.add(blob, bytes ? { bytes } : { blob, from, images: new Set([from.toString()]) });
  }
}

/** Blobs by digest. */
class BlobSet {
  readonly #blobs = new Map<string, BundleInput>();

  add(descriptor: Descriptor, content: EntryContent): void {
    const { size } = descriptor;
    const name = blobPath(descriptor);
    const known = this.#blobs.get(name);
    if (known === undefined) this.#blobs.set(name, { name, size, content });
    else if (known.size !== size) throw sizeConflict(known, descriptor, content);
    else addImages(known.content, content);
  }

  inOrder(order: BlobOrder): BundleInput[] {
    return order.sort([...this.#blobs.keys()]).flatMap(name => this.#blobs.get(name) ?? []);
  }
}

/** One blob may be needed by many images; errors name them. */
function addImages(known: EntryContent, added: EntryContent): void {
  if (known.bytes !== undefined || added.bytes !== undefined) return;
  for (const image of added.images) (known.images as Set<string>).add(image);
}

function sizeConflict(known: BundleInput, { digest, size }: Descriptor, content: EntryContent): AirgapError {
  const image = 'from' in content ? { image: content.from.toString() } : {};
  return new AirgapError(
    'CONTENT',
    `two manifests declare different sizes for one digest: ${known.size} and ${size} bytes`,
    {
      where: { digest, ...image },
      hint: 'Push the image again: one of the manifests is damaged in its registry.',
    },
  );
}

function document(name: string, bytes: Buffer): BundleInput {
  return { name, size: bytes.length, content: { bytes } };
}
