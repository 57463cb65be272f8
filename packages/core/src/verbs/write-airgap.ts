import { checkSpace, diskError } from '../bundle/file/disk.ts';
import { selectImages } from '../bundle/select.ts';
import { replaceFileWith } from '../fs/replace-file.ts';
import type { AirgapSpec, RequiredRelease } from '../kots/airgap-document.ts';
import { Archive } from '../kots/archive.ts';
import { storedGzipSize } from '../kots/stored-gzip.ts';
import { type ArchiveEntry, type ArchivePlan, planArchive } from '../kots/write/archive-plan.ts';
import { DeltaBase } from '../kots/write/delta-base.ts';
import { findProblems, findWarnings } from '../kots/write/preflight.ts';
import { embeddedClusterEntries, mergeSpecs, previousRelease } from '../kots/write/previous-archive.ts';
import { type Release, readRelease, releaseOf } from '../kots/write/release.ts';
import { type SavedImage, savedImage } from '../kots/write/saved-image.ts';
import { usedImages } from '../kots/write/used-images.ts';
import { type WriteArchiveOptions, writeArchive } from '../kots/write/write-archive.ts';
import { amountOf, type BlobAmount } from '../layout/blob-usage.ts';
import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { OnEvent } from '../store/events.ts';

/** What a `.airgap` has beside its images. */
export interface AirgapFields {
  /** A directory with the manifests of the release, or its `app.tar.gz`. Without one, only the images can be pushed. */
  readonly release?: string | undefined;
  /** The slug of the app. */
  readonly app?: string | undefined;
  /** The ID of a channel of the license; required with a release. */
  readonly channelId?: string | undefined;
  readonly channelName?: string | undefined;
  readonly versionLabel?: string | undefined;
  /** The sequence of the release in its channel. */
  readonly cursor?: string | undefined;
  /** Versions that must be installed before this one. */
  readonly required?: readonly RequiredRelease[] | undefined;
  /** Whether later versions require this one. */
  readonly isRequired?: boolean | undefined;
  readonly releaseNotes?: string | undefined;
  /** An earlier `.airgap`: fields, release and embedded-cluster entries that are not given are taken from it. */
  readonly previous?: string | undefined;
  /** With `delta`: leaves out images that the base has with the same digest. */
  readonly omitUnchanged?: boolean | undefined;
}

/** An image of the archive. */
export interface KotsImage {
  readonly name: string;
  readonly digest: string;
  /** The repository below the namespace of the customer's registry, with the tag or digest that KOTS pushes. */
  readonly destination: string;
}

/** What was written. Sizes are bytes. */
export interface WrittenAirgap {
  readonly images: readonly KotsImage[];
  /** Images that the base has, with `omitUnchanged`. */
  readonly omittedImages: readonly string[];
  /** Layers that are left out because the base has them. */
  readonly omitted: BlobAmount;
  /** What KOTS changes, and what it does not report. */
  readonly warnings: readonly string[];
}

/** The images of a `.airgap`, and where it is written. */
export interface AirgapInput {
  /** The documents and manifests of the images; it may have layers that cannot be read from it. */
  readonly layout: Layout;
  readonly sourcesOf: WriteArchiveOptions['sourcesOf'];
  readonly onBytes?: WriteArchiveOptions['onBytes'];
  readonly path: string;
  /** A bundle or `.airgap` that the customer has pushed. */
  readonly base?: Layout | undefined;
  /** Whether no images are written. */
  readonly omitsImages?: boolean | undefined;
}

/** The options of a verb that writes a `.airgap`. */
export interface WriteAirgapOptions extends AirgapFields {
  readonly sourceDateEpoch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/**
 * Writes a `.airgap` in one pass. What KOTS would reject, or lose without a message, is reported before anything is
 * written.
 *
 * @throws AirgapError `INPUT` with every problem, `BUNDLE`, `CONTENT`, `DISK`
 */
export async function writeAirgap(
  input: AirgapInput,
  options: WriteAirgapOptions,
): Promise<WrittenAirgap & { readonly size: number }> {
  const { sourceDateEpoch: mtime = 0, signal, onEvent } = options;
  await using previous = await openPrevious(options);
  const release = await findRelease(options, previous);
  const base = input.base && (await DeltaBase.read(input.base));
  const all = input.omitsImages ? [] : await readImages(input.layout);
  const omitted = options.omitUnchanged ? all.filter(image => isUnchanged(image, base)) : [];
  const images = all.filter(image => !omitted.includes(image));
  const spec = {
    ...mergeSpecs(previous?.spec ?? {}, specOf(options)),
    format: 'docker',
    savedImages: images.map(savedName),
  };
  const used = release && !input.omitsImages ? await usedImages(release, signal) : undefined;
  const preflight = {
    images,
    omitted,
    spec,
    release,
    used: used?.names ?? [],
    notRendered: used?.notRendered ?? [],
  };
  const problems = findProblems(preflight);
  if (problems.length > 0)
    throw AirgapError.all(problems, `KOTS cannot use this bundle: ${problems.length} problems`);
  const files: ArchiveEntry[] = previous ? embeddedClusterEntries(previous) : [];
  const plan = planArchive({ spec, release: release?.archive, files, images, base });
  const { sourcesOf, onBytes } = input;
  const size = await write(input.path, plan, {
    images: images.length,
    sourcesOf,
    mtime,
    signal,
    onEvent,
    onBytes,
  });
  return {
    size,
    images: images.map(toKotsImage),
    omittedImages: omitted.map(savedName),
    omitted: amountOf(plan.omitted),
    warnings: findWarnings(preflight),
  };
}

async function openPrevious({ previous, ...options }: WriteAirgapOptions): Promise<Archive | undefined> {
  return previous === undefined ? undefined : Archive.open(previous, options);
}

async function write(
  path: string,
  plan: ArchivePlan,
  { images, ...options }: WriteArchiveOptions & { readonly images: number },
): Promise<number> {
  const content = plan.entries.reduce((sum, entry) => sum + entry.size, 0);
  await checkSpace(path, storedGzipSize(content));
  const blobs = plan.entries.filter(({ content: { kind } }) => kind === 'blob');
  const bytes = blobs.reduce((sum, entry) => sum + entry.size, 0);
  options.onEvent?.({ type: 'planned', images, blobs: blobs.length, bytes, size: content });
  options.onEvent?.({ type: 'phase', phase: 'move' });
  let size = 0;
  try {
    await replaceFileWith(path, async file => {
      await writeArchive(file, plan, options);
      size = (await file.stat()).size;
    });
  } catch (error) {
    throw diskError(error, path);
  }
  return size;
}

async function findRelease(
  { release, sourceDateEpoch = 0 }: WriteAirgapOptions,
  previous: Archive | undefined,
): Promise<Release | undefined> {
  if (release !== undefined) return readRelease(release, sourceDateEpoch);
  const archive = previous && (await previousRelease(previous));
  return archive && releaseOf(archive, 'app.tar.gz');
}

async function readImages(layout: Layout): Promise<SavedImage[]> {
  const images: SavedImage[] = [];
  const failures: AirgapError[] = [];
  for (const named of await selectImages(layout, undefined)) {
    try {
      images.push(await savedImage(layout, named));
    } catch (error) {
      if (!(error instanceof AirgapError) || error.code !== 'INPUT') throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0)
    throw AirgapError.all(failures, `KOTS cannot use this bundle: ${failures.length} problems`);
  return images;
}

function isUnchanged({ name, root }: SavedImage, base: DeltaBase | undefined): boolean {
  return base?.hasImage(name.toString(), root.digest) ?? false;
}

function specOf(options: AirgapFields): AirgapSpec {
  return {
    appSlug: options.app,
    channelID: options.channelId,
    channelName: options.channelName,
    versionLabel: options.versionLabel,
    updateCursor: options.cursor,
    isRequired: options.isRequired,
    requiredReleases: options.required,
    releaseNotes: options.releaseNotes,
  };
}

function savedName({ name }: SavedImage): string {
  return name.toString();
}

function toKotsImage({ name, repository, root }: SavedImage): KotsImage {
  const suffix = name.digest === undefined ? `:${name.tag}` : `@${name.digest}`;
  return { name: name.toString(), digest: root.digest, destination: `${repository}${suffix}` };
}
