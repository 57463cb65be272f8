import { resolve } from 'node:path';
import { checkSpace, checkTarget, diskError } from '../bundle/file/disk.ts';
import { selectImages } from '../bundle/select.ts';
import { replaceFileWith } from '../fs/replace-file.ts';
import { readSpec } from '../input/read-input.ts';
import { findRequests } from '../input/requests.ts';
import type { AirgapSpec, RequiredRelease } from '../kots/airgap-document.ts';
import { Archive } from '../kots/archive.ts';
import { storedGzipSize } from '../kots/stored-gzip.ts';
import { type ArchiveEntry, planArchive } from '../kots/write/archive-plan.ts';
import { DeltaBase } from '../kots/write/delta-base.ts';
import { findProblems, findWarnings } from '../kots/write/preflight.ts';
import { embeddedClusterEntries, mergeSpecs, previousRelease } from '../kots/write/previous-archive.ts';
import { type Release, readRelease, releaseOf } from '../kots/write/release.ts';
import { type SavedImage, savedImage } from '../kots/write/saved-image.ts';
import { writeArchive } from '../kots/write/write-archive.ts';
import type { Layout } from '../layout/layout.ts';
import { openLayout, refuseUrl } from '../layout/open-layout.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import { checkConflicts } from './check-conflicts.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link kots}. */
export interface KotsOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  /** The path of the `.airgap` to write. */
  readonly output: string;
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
  /** Writes no images: for a registry that has them already. */
  readonly metadataOnly?: boolean | undefined;
  /** A bundle or `.airgap` that the customer has pushed: layers that it has in the same repository are left out. */
  readonly delta?: string | undefined;
  /** With `delta`: leaves out images that the base has with the same digest. */
  readonly omitUnchanged?: boolean | undefined;
  /** The mtime of all entries, in seconds since 1970. Default 0. */
  readonly sourceDateEpoch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** An image of the archive. */
export interface KotsImage {
  readonly name: string;
  readonly digest: string;
  /** The repository below the namespace of the customer's registry, with the tag or digest that KOTS pushes. */
  readonly destination: string;
}

/** The outcome of {@link kots}. Sizes are bytes. */
export interface KotsResult {
  /** Absolute path of the archive. */
  readonly path: string;
  readonly size: number;
  readonly images: readonly KotsImage[];
  /** Images that the base has, with `omitUnchanged`. */
  readonly omittedImages: readonly string[];
  /** Layers that are left out because the base has them. */
  readonly omitted: { readonly blobs: number; readonly bytes: number };
  /** What KOTS changes, and what it does not report. */
  readonly warnings: readonly string[];
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Writes KOTS's own airgap bundle from a bundle, in one pass. What KOTS would reject, or lose without a message, is
 * reported before anything is written.
 *
 * @throws AirgapError `INPUT` with every problem, `USAGE`, `BUNDLE`, `CONTENT`, `DISK`, `INTERRUPTED`
 * @example
 * await kots({ bundle: 'app.tar', output: 'app.airgap', release: 'manifests', channelId: '1vusIYZLAVxMG6q760OJmRKj5i5' });
 */
export async function kots(options: KotsOptions): Promise<KotsResult> {
  checkOptions('kots', options, ['bundle', 'output']);
  return interruptible(options.signal, async () => {
    const { bundle, release, previous: older, delta, output } = options;
    const path = await checkTarget(output);
    await checkConflicts(
      path,
      [bundle, release, older, delta].filter(input => input !== undefined),
    );
    refuseUrl(bundle);
    await using layout = await openLayout(bundle);
    await using previous = await openPrevious(options);
    return await writeKots({ layout, previous, path }, options);
  });
}

async function openPrevious({ previous, signal, onEvent }: KotsOptions) {
  if (previous === undefined) return undefined;
  const message = `${previous} is compressed: decompressing it into a temporary file`;
  return Archive.open(previous, () => withTime(onEvent)?.({ type: 'notice', message }), signal);
}

interface KotsInput {
  readonly layout: Layout;
  readonly previous: Archive | undefined;
  readonly path: string;
}

async function writeKots({ layout, previous, path }: KotsInput, options: KotsOptions): Promise<KotsResult> {
  const started = performance.now();
  const { sourceDateEpoch: mtime = 0, metadataOnly = false, signal } = options;
  const onEvent = withTime(options.onEvent);
  onEvent?.({ type: 'phase', phase: 'read' });
  const release = await findRelease(options, previous);
  const base = await readBase(options.delta);
  const all = metadataOnly ? [] : await readImages(layout);
  const omitted = options.omitUnchanged ? all.filter(image => isUnchanged(image, base)) : [];
  const images = all.filter(image => !omitted.includes(image));
  const spec = {
    ...mergeSpecs(previous?.spec ?? {}, specOf(options)),
    format: 'docker',
    savedImages: images.map(savedName),
  };
  // Images that the customer has are no problem of the release.
  const used = metadataOnly ? [] : await usedImages(release, signal);
  const preflight = {
    images,
    spec,
    release,
    used: used.filter(name => !omitted.some(image => savedName(image) === name)),
  };
  const problems = findProblems(preflight);
  if (problems.length > 0)
    throw AirgapError.all(problems, `KOTS cannot use this bundle: ${problems.length} problems`);
  const files: ArchiveEntry[] = previous ? embeddedClusterEntries(previous) : [];
  const plan = planArchive({ spec, release: release?.archive, files, images, base });
  const size = await write(path, plan, { source: layout, mtime, signal, onEvent });
  return {
    path: resolve(options.output),
    size,
    images: images.map(toKotsImage),
    omittedImages: omitted.map(savedName),
    omitted: { blobs: plan.omitted.length, bytes: plan.omitted.reduce((sum, blob) => sum + blob.size, 0) },
    warnings: findWarnings(preflight),
    elapsed: performance.now() - started,
  };
}

async function write(
  path: string,
  plan: ReturnType<typeof planArchive>,
  options: Parameters<typeof writeArchive>[2],
): Promise<number> {
  const content = plan.entries.reduce((sum, entry) => sum + entry.size, 0);
  await checkSpace(path, storedGzipSize(content));
  const blobs = plan.entries.filter(({ content: { kind } }) => kind === 'blob');
  const bytes = blobs.reduce((sum, entry) => sum + entry.size, 0);
  options.onEvent?.({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: content });
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
  { release, sourceDateEpoch = 0 }: KotsOptions,
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

async function readBase(path: string | undefined): Promise<DeltaBase | undefined> {
  if (path === undefined) return undefined;
  refuseUrl(path);
  await using layout = await openLayout(path);
  return await DeltaBase.read(layout);
}

function isUnchanged({ name, root }: SavedImage, base: DeltaBase | undefined): boolean {
  return base?.hasImage(name.toString(), root.digest) ?? false;
}

/** The images that a release uses, in canonical form. Templates are known only at install. */
async function usedImages(release: Release | undefined, signal: AbortSignal | undefined): Promise<string[]> {
  if (!release) return [];
  const specs = release.files
    .filter(({ name }) => /\.ya?ml$/.test(name))
    .map(({ name, content }) => ({ file: name, text: content.toString('utf8') }));
  if (specs.length === 0) return [];
  const { requests } = findRequests(await readSpec({ specs, signal }), {});
  return requests.map(({ reference }) => reference.toString());
}

function specOf(options: KotsOptions): AirgapSpec {
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
