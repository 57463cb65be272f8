import type { AddedImage, ChangedImage, RemovedImage } from '../diff/image-change.ts';
import type { BlobAmount } from '../layout/blob-usage.ts';
import type { Finding } from '../model/finding.ts';

/** A layer of an image in a report. */
export interface ReportedLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** The number of images in the bundle that contain it. */
  readonly sharedBy: number;
}

/** An image in a report. Sizes are bytes. */
export interface ReportedImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  /** The digest of the image that a signature or other artifact refers to. */
  readonly subject?: string;
  readonly platforms: readonly string[];
  readonly layers: readonly ReportedLayer[];
  readonly bytes: number;
  readonly uniqueBytes: number;
}

/** Whether an image is signed as a policy says. */
export interface ReportedSignature {
  readonly image: string;
  readonly state: 'signed' | 'unsigned' | 'other';
  /** The path of the key. */
  readonly key: string;
  readonly required: boolean;
  /** The state in words. */
  readonly message: string;
}

/** What has changed since an older bundle. */
export interface ReportedChanges {
  readonly old: { readonly path: string };
  readonly added: readonly AddedImage[];
  readonly removed: readonly RemovedImage[];
  readonly changed: readonly ChangedImage[];
  readonly unchanged: number;
  readonly onlyNew: BlobAmount;
  readonly onlyOld: BlobAmount;
  readonly shared: BlobAmount;
}

/** The content of a bundle, for a report. Sizes are bytes. */
export interface BundleReport {
  /** The digest of its `index.json`, which identifies the content. */
  readonly contents: string;
  readonly images: readonly ReportedImage[];
  readonly blobs: number;
  readonly blobBytes: number;
  readonly sharedBytes: number;
  /** The size of the file. */
  readonly size: number;
  /** What the lint found when the bundle was built; undefined when it is not known. */
  readonly findings?: readonly Finding[] | undefined;
  readonly changes?: ReportedChanges | undefined;
  /** The images that a policy for signatures is about. */
  readonly signatures: readonly ReportedSignature[];
}

/** The layers of all images, each digest once, in order of first appearance. */
export function distinctLayers({ images }: Pick<BundleReport, 'images'>): ReportedLayer[] {
  const layers = images.flatMap(image => image.layers);
  return [...new Map(layers.map(layer => [layer.digest, layer])).values()];
}
