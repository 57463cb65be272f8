import { amountOf, type BlobAmount, BlobUsage, bytesOf } from '../layout/blob-usage.ts';
import { type ImageSummary, summarizeImages } from '../layout/image-summary.ts';
import type { LayoutForm } from '../layout/layout-files.ts';
import { openLayout } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { absolutePath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { digestOf } from '../oci/digest.ts';
import { BundleChecksums } from '../signing/bundle-checksums.ts';
import { ImagePolicy, type ImageSignature, type SignatureRule } from '../signing/image-policy.ts';
import { checkLayoutImages } from '../signing/layout-images.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link inspect}. */
export interface InspectOptions extends ObjectOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
}

/** A layer of an image. */
export interface InspectedLayer {
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** The number of images in the bundle that contain it. */
  readonly sharedBy: number;
}

/** A name of a bundle and its image. Sizes are bytes. */
export interface InspectedImage {
  readonly name: string;
  readonly digest: string;
  readonly mediaType: string;
  /** The digest of the image that a signature or other artifact refers to. */
  readonly subject?: string;
  readonly platforms: readonly string[];
  readonly layers: readonly InspectedLayer[];
  /** The total size of the image. */
  readonly bytes: number;
  /** The size of the blobs that no other image contains. */
  readonly uniqueBytes: number;
}

/** Checksums as they are written. */
export interface RecordedChecksums {
  readonly path: string;
  readonly files: readonly { readonly name: string; readonly digest: string }[];
  /** Always false: `verify` checks them. */
  readonly checked: false;
}

/** The content of a bundle. Sizes are bytes. */
export interface InspectResult {
  readonly path: string;
  /** How it is stored: a bundle, an archive of another tool, or a directory. */
  readonly form: LayoutForm;
  /** The size of the file, or of all files of a directory. */
  readonly size: number;
  /** The digest of its `index.json`, which identifies the content. */
  readonly digest: string;
  /** The checksums beside the bundle, if there are any. They are only recorded: nothing is compared with them. */
  readonly checksums?: RecordedChecksums;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  readonly images: readonly InspectedImage[];
  /** The number of distinct blobs, including manifests. */
  readonly blobs: number;
  /** The total size of the distinct blobs. */
  readonly blobBytes: number;
  /** What deduplication saves: the sum of all images' bytes minus `blobBytes`. */
  readonly sharedBytes: number;
  /** The layers that a delta leaves to its base and that no base has. */
  readonly missing?: BlobAmount;
}

/**
 * Lists the content of a bundle from its documents and manifests. It does not read layers.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `BUNDLE` when it is not a bundle, `CONTENT`
 */
export async function inspect(options: InspectOptions): Promise<InspectResult> {
  checkOptions('inspect', options, ['bundle']);
  const { bundle: path } = options;
  const policy = await ImagePolicy.read(options.signatures);
  await using layout = await openLayout(path, options);
  const summaries: ImageSummary[] = [];
  for await (const image of summarizeImages(layout)) summaries.push(image);
  // Several names of one image count once.
  const distinct = new Map(summaries.map(image => [image.digest, image.sizes]));
  const usage = new BlobUsage([...distinct.values()]);
  return {
    path: absolutePath(path),
    form: layout.form,
    size: layout.size,
    digest: digestOf(await layout.documentBytes('index.json')),
    ...(await recordedChecksums(path, options)),
    signatures: await checkLayoutImages(layout, policy),
    images: summaries.map(image => describe(image, usage)),
    blobs: usage.blobs,
    blobBytes: usage.blobBytes,
    sharedBytes: usage.sharedBytes,
    ...(layout.form === 'delta' ? { missing: amountOf(layout.absent.values()) } : {}),
  };
}

async function recordedChecksums(
  bundle: string,
  options: ObjectOptions,
): Promise<Pick<InspectResult, 'checksums'>> {
  try {
    const found = await BundleChecksums.find(bundle, options);
    return found ? { checksums: { path: found.path, files: found.lines, checked: false } } : {};
  } catch (error) {
    // Invalid checksums say nothing; verify reports them.
    if (error instanceof AirgapError) return {};
    throw error;
  }
}

function describe(
  { name, digest, mediaType, subject, platforms, layers, sizes }: ImageSummary,
  usage: BlobUsage,
): InspectedImage {
  return {
    name,
    digest,
    mediaType,
    ...(subject === undefined ? {} : { subject }),
    platforms: platforms.map(platform => platform.name),
    layers: layers.map(({ digest, size, mediaType }) => ({
      digest,
      size,
      mediaType,
      sharedBy: usage.references(digest),
    })),
    bytes: bytesOf(sizes),
    uniqueBytes: usage.uniqueBytes(sizes),
  };
}
