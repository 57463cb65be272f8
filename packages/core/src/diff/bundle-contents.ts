import { stat } from 'node:fs/promises';
import { BundleReader } from '../bundle/reader.ts';
import { type BlobSizes, bytesOf } from '../layout/blob-usage.ts';
import { DirectoryReader } from '../layout/directory.ts';
import type { DocumentReader, LayoutEntry } from '../layout/document-reader.ts';
import { type ImageSummary, summarizeImages } from '../layout/image-summary.ts';
import { assertPresent } from '../layout/walk.ts';
import { AirgapError, type ErrorCode } from '../model/errors.ts';

/** What says that a file or directory is no layout, or not a whole one. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set(['BUNDLE', 'REGISTRY', 'UNSUPPORTED']);

/** Some of the blobs of a side, manifests included. */
export interface BlobAmount {
  readonly blobs: number;
  readonly bytes: number;
}

/** One of two bundles or OCI layout directories: its images, and every blob that they need. */
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
   * Reads a side's documents.
   *
   * @throws AirgapError `INPUT` when it cannot be read, or lacks something; `CONTENT`
   */
  static async read(path: string, signal: AbortSignal | undefined): Promise<BundleContents> {
    try {
      const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
      const images = isFolder
        ? await wholeImages(new DirectoryReader(path), signal)
        : await wholeImages(await BundleReader.open(path), signal);
      return new BundleContents(path, images);
    } catch (error) {
      throw inputError(error, path);
    }
  }

  /** Whether it holds a blob, with the size that the other side's has. */
  has(digest: string, size: number): boolean {
    return this.blobs.get(digest) === size;
  }

  /** What an image is called here: its first name. */
  nameOf(digest: string): string | undefined {
    return this.#names.get(digest);
  }

  /** Those of some blobs that are here. */
  shared(blobs: BlobSizes): BlobAmount {
    return amount([...blobs].filter(([digest, size]) => this.has(digest, size)));
  }

  /** Those of some blobs that are not here. */
  missing(blobs: BlobSizes): BlobAmount {
    return amount([...blobs].filter(([digest, size]) => !this.has(digest, size)));
  }
}

function amount(blobs: readonly (readonly [string, number])[]): BlobAmount {
  return { blobs: blobs.length, bytes: bytesOf(new Map(blobs)) };
}

/** Reads all images and closes. What is missing would have to be carried, too: sums over half a layout would be wrong. */
async function wholeImages<Entry extends LayoutEntry>(
  opened: DocumentReader<Entry>,
  signal: AbortSignal | undefined,
): Promise<ImageSummary[]> {
  await using layout = opened;
  const entries = await layout.entries();
  const images: ImageSummary[] = [];
  for await (const image of summarizeImages(layout, entries)) {
    signal?.throwIfAborted();
    for (const [digest, size] of image.sizes) assertPresent(layout, entries, { digest, size });
    images.push(image);
  }
  return images;
}

/** With two of them at hand, an error has to say which. */
function inputError(error: unknown, path: string): unknown {
  if (!(error instanceof AirgapError)) return error;
  const { code, message, hint, where, cause } = error.withContext({ path });
  if (!UNREADABLE.has(code)) return error.withContext({ path });
  return new AirgapError('INPUT', message, {
    // The other codes' hints are about registries.
    hint: code === 'BUNDLE' && hint !== undefined ? hint : 'Fetch it again, or build it anew.',
    where,
    cause,
  });
}
