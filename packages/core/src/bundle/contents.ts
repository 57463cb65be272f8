import { blobPath, indexJson, manifestJson, ociLayout } from '../layout/documents.ts';
import { bundleNames } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import type { Reference } from '../reference/reference.ts';
import { blobsOf, type ResolvedImage } from '../resolve/resolved-image.ts';
import type { BundleInput, EntryContent } from './entry-content.ts';

/**
 * Everything that a bundle of these images holds, in the order in which it stands there: the three documents,
 * then manifests, configs and layers, each group sorted by digest and each digest once.
 *
 * @throws AirgapError `CONTENT` when two manifests promise different sizes for one digest
 */
export function bundleEntries(images: readonly ResolvedImage[], choice: PlatformChoice): BundleInput[] {
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
    document('manifest.json', manifestJson(names, choice)),
    ...blobs.items('manifests'),
    ...blobs.items('configs'),
    ...blobs.items('layers'),
  ];
}

function addBlobs(blobs: BlobSet, image: ResolvedImage): void {
  const from = image.reference;
  const configs = new Map(image.configs.map(({ digest, bytes }) => [digest, bytes]));
  for (const { manifest } of image.images) {
    const bytes = configs.get(manifest.config.digest);
    blobs.add('configs', manifest.config, bytes ? { bytes } : { blob: manifest.config, from });
  }
  for (const blob of blobsOf(image)) blobs.add('layers', blob, { blob, from });
}

type Group = 'manifests' | 'configs' | 'layers';

/** Each digest once, in the first group that it was added to. */
class BlobSet {
  readonly #blobs = new Map<Digest, { group: Group; item: BundleInput; from?: Reference }>();

  add(group: Group, descriptor: Descriptor, content: EntryContent): void {
    const known = this.#blobs.get(descriptor.digest);
    if (known === undefined) {
      this.#blobs.set(descriptor.digest, {
        group,
        item: { name: blobPath(descriptor), size: descriptor.size, content },
      });
    } else if (known.item.size !== descriptor.size) {
      throw new AirgapError(
        'CONTENT',
        `two manifests promise ${known.item.size} and ${descriptor.size} bytes for one digest`,
        {
          where: {
            digest: descriptor.digest,
            ...('from' in content ? { image: content.from.toString() } : {}),
          },
          hint: 'One of the images is damaged in its registry: push it anew.',
        },
      );
    }
  }

  items(group: Group): BundleInput[] {
    const items = [...this.#blobs.values()].filter(blob => blob.group === group).map(({ item }) => item);
    return items.sort((a, b) => compareText(a.name, b.name));
  }
}

function document(name: string, bytes: Buffer): BundleInput {
  return { name, size: bytes.length, content: { bytes } };
}
