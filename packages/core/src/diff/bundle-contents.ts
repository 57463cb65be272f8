import { amountOf, type BlobAmount, type BlobSizes } from '../layout/blob-usage.ts';
import { type ImageSummary, summarizeImages } from '../layout/image-summary.ts';
import type { Layout } from '../layout/layout.ts';
import { type OpenOptions, openLayout } from '../layout/open-layout.ts';
import { assertPresent } from '../layout/walk.ts';
import { AirgapError, type ErrorCode } from '../model/errors.ts';
import { shownPath } from '../model/path-or-url.ts';

/** The codes of errors for a file or directory that is not a complete layout. */
const INVALID_LAYOUT: ReadonlySet<ErrorCode> = new Set(['BUNDLE', 'REGISTRY', 'UNSUPPORTED']);

/** The images of a bundle or OCI layout directory, and all blobs that they need. */
export class BundleContents {
  readonly path: string;
  readonly images: readonly ImageSummary[];
  /** Each digest once. */
  readonly blobs: BlobSizes;
  readonly #names: ReadonlyMap<string, string>;

  private constructor(path: string, images: readonly ImageSummary[]) {
    this.path = path;
    this.images = images;
    this.blobs = new Map(images.flatMap(({ sizes }) => [...sizes]));
    this.#names = new Map(images.toReversed().map(({ name, digest }) => [digest, name]));
  }

  /**
   * Reads the documents of a bundle or OCI layout directory. A delta has what its base has.
   *
   * @throws AirgapError `INPUT` when it cannot be read or is incomplete; `CONTENT`
   */
  static async read(path: string, options: OpenOptions): Promise<BundleContents> {
    try {
      const images = await readImages(await openLayout(path, options), options.signal);
      return new BundleContents(path, images);
    } catch (error) {
      throw inputError(error, shownPath(path));
    }
  }

  /** Whether it contains a blob with this digest and size. */
  has(digest: string, size: number): boolean {
    return this.blobs.get(digest) === size;
  }

  /** The first name of an image; undefined when it does not contain the image. */
  nameOf(digest: string): string | undefined {
    return this.#names.get(digest);
  }

  /** The amount of the given blobs that it contains. */
  shared(blobs: BlobSizes): BlobAmount {
    return amount([...blobs].filter(([digest, size]) => this.has(digest, size)));
  }

  /** The amount of the given blobs that it does not contain. */
  missing(blobs: BlobSizes): BlobAmount {
    return amount([...blobs].filter(([digest, size]) => !this.has(digest, size)));
  }
}

function amount(blobs: readonly (readonly [string, number])[]): BlobAmount {
  return amountOf(blobs.map(([, size]) => ({ size })));
}

/** Reads all images, then closes the layout. Every blob must exist: the sums over an incomplete layout would be wrong. */
async function readImages(opened: Layout, signal: AbortSignal | undefined): Promise<ImageSummary[]> {
  await using layout = opened;
  const images: ImageSummary[] = [];
  for await (const image of summarizeImages(layout)) {
    signal?.throwIfAborted();
    for (const [digest, size] of image.sizes) assertPresent(layout, { digest, size });
    images.push(image);
  }
  return images;
}

/** Adds the path, as there are two layouts, and converts errors of an invalid layout to `INPUT`. */
function inputError(error: unknown, path: string): unknown {
  if (!(error instanceof AirgapError)) return error;
  const { code, message, hint, where, cause, details } = error.withContext({ path });
  // An error of a host is not one of the layout.
  if (!INVALID_LAYOUT.has(code) || where.host !== undefined) return error.withContext({ path });
  return new AirgapError('INPUT', message, {
    // The hints of the other codes are for registries.
    hint: code === 'BUNDLE' && hint !== undefined ? hint : 'Fetch it again, or rebuild it.',
    where,
    cause,
    details,
  });
}
