import { blobPath, indexJson, manifestJson, ociLayout } from '../layout/documents.ts';
import { bundleNames } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOf, type ResolvedImage } from '../resolve/resolved-image.ts';
import type { BundleInput, EntryContent } from './entry-content.ts';

/**
 * Lists the entries of a bundle of these images, in order: the three documents, then manifests, configs and layers,
 * each group sorted by digest, each digest once.
 *
 * @throws AirgapError `CONTENT` when two manifests declare different sizes for one digest
 */
export function bundleEntries(images: readonly ResolvedImage[]): BundleInput[] {
  const names = bundleNames(images);
  const blobs = new BlobSet();
  for (const { manifests } of images) {
    for (const { digest, mediaType, bytes } of manifests)
      blobs.add('manifests', { digest, mediaType, size: bytes.length }, { bytes });
  }
  for (const image of images) addBlobs(blobs, image);
  return [
    document('oci-layout', ociLayout()),
    document('index.json', indexJson(names)),
    document('manifest.json', manifestJson(names)),
    ...blobs.inputs('manifests'),
    ...blobs.inputs('configs'),
    ...blobs.inputs('layers'),
  ];
}

function addBlobs(blobs: BlobSet, image: ResolvedImage): void {
  const from = image.reference;
  const configs = new Map(image.configs.map(({ digest, bytes }) => [digest, bytes]));
  for (const { manifest } of image.images) {
    const bytes = configs.get(manifest.config.digest);
    blobs.add(
      'configs',
      manifest.config,
      bytes ? { bytes } : { blob: manifest.config, from, images: new Set([from.toString()]) },
    );
  }
  for (const blob of blobsOf(image))
    blobs.add('layers', blob, { blob, from, images: new Set([from.toString()]) });
}

type Group = 'manifests' | 'configs' | 'layers';

/** Blobs by digest; each is in the first group that it was added to. */
class BlobSet {
  readonly #blobs = new Map<Digest, { group: Group; input: BundleInput }>();

  add(group: Group, descriptor: Descriptor, content: EntryContent): void {
    const { digest, size } = descriptor;
    const known = this.#blobs.get(digest)?.input;
    if (known === undefined)
      this.#blobs.set(digest, { group, input: { name: blobPath(descriptor), size, content } });
    else if (known.size !== size) throw sizeConflict(known, descriptor, content);
    else addImages(known.content, content);
  }

  inputs(group: Group): BundleInput[] {
    const blobs = [...this.#blobs.values()].filter(blob => blob.group === group);
    return blobs.map(({ input }) => input).sort((a, b) => compareText(a.name, b.name));
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
