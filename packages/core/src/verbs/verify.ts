import { amountOf, type BlobAmount } from '../layout/blob-usage.ts';
import { DeltaFiles } from '../layout/delta-files.ts';
import { DirectoryFiles } from '../layout/directory-files.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles, LayoutForm } from '../layout/layout-files.ts';
import { formatBases, formatLayers } from '../layout/missing-base.ts';
import { OpenLayouts, openStorage } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { digestMismatch } from '../store/verifier.ts';
import { blobsOf, checkBlobs } from '../verify/blob-check.ts';
import { checkLayout } from '../verify/layout-check.ts';
import { verifyPart } from '../verify/part-sum.ts';
import { offsetOf, type Problem } from '../verify/problem.ts';
import { checkTar } from '../verify/tar-check.ts';
import { readTar } from '../verify/tar-stream.ts';
import { checkOptions } from './check-options.ts';

/** The path in the result for a stream. */
const STREAM = '<stdin>';

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory; or a stream, read once. */
  readonly bundle: string | AsyncIterable<Uint8Array>;
  /** Layouts that have the layers that a delta leaves to its base. */
  readonly base?: readonly string[] | undefined;
  /** Accept a delta without the layers that it leaves to its base. */
  readonly allowMissingBase?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** What {@link verify} found. */
export interface VerifyResult {
  readonly path: string;
  /** How it is stored: a bundle, a delta, an archive of another tool, a directory; or one part that was verified alone. */
  readonly form: LayoutForm | 'part';
  /** The names of its images. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** The total size of all blobs. */
  readonly bytes: number;
  /** The layers that a delta leaves to its base and that no base has. */
  readonly missing?: BlobAmount;
  /** Empty for an intact bundle. */
  readonly problems: readonly Problem[];
}

/**
 * Verifies a bundle in place, in one pass: all digests match, all references resolve, names are valid, and the file
 * contains nothing else. It returns what is wrong as problems; what is only unusual, such as layers with `urls`, is a
 * `notice` event.
 *
 * @throws AirgapError `INPUT` when the file cannot be opened, `DISK` when reading it fails, `INTERRUPTED`
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  checkOptions('verify', options, ['bundle']);
  return interruptible(options.signal, () => verifyOne(options));
}

async function verifyOne(options: VerifyOptions): Promise<VerifyResult> {
  const { bundle, signal } = options;
  const onEvent = withTime(options.onEvent ?? (() => {}));
  const path = typeof bundle === 'string' ? bundle : STREAM;
  const problems: Problem[] = [];
  const part = typeof bundle === 'string' ? await verifyPart(bundle, signal) : undefined;
  if (part) return { path, form: 'part', images: [], blobs: 0, bytes: part.size, problems: part.problems };
  const failed = { path, form: 'bundle' as const, images: [], blobs: 0, bytes: 0, problems };
  await using bases = await OpenLayouts.open(options.base ?? []);
  await using storage = await openInput(bundle, problems);
  if (problems.length > 0) return failed;
  try {
    const { files, checkContent } =
      storage === undefined
        ? await readStream(bundle as AsyncIterable<Uint8Array>, problems)
        : { files: await listFiles(storage, problems), checkContent: checkBlobs };
    const layout = new Layout(files.form === 'delta' ? await DeltaFiles.open(files, bases) : files);
    const blobs = blobsOf(layout);
    const bytes = blobs.reduce((sum, { entry }) => sum + entry.size, 0);
    onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: layout.size });
    onEvent({ type: 'phase', phase: 'verify' });
    await checkContent(layout, problems, onEvent, signal);
    const { names, notices } = await checkLayout(layout, problems);
    for (const message of notices) onEvent({ type: 'notice', message });
    const missing = amountOf(layout.absent.values());
    if (missing.blobs > 0 && !options.allowMissingBase)
      problems.push({ message: incomplete(layout, options.base ?? [], missing) });
    if (storage && !(storage instanceof DirectoryFiles) && !(await storage.isUnchanged()))
      problems.push({ message: 'the file was modified while it was verified' });
    const images = names.flatMap(({ name }) => name ?? []);
    const { form } = layout;
    const result = { path, form, images, blobs: blobs.length, bytes, problems };
    return form === 'delta' ? { ...result, missing } : result;
  } catch (error) {
    if (signal?.aborted || !(error instanceof AirgapError) || error.code === 'DISK') throw error;
    problems.push({ message: error.message });
    return failed;
  }
}

/**
 * Opens a stored bundle; undefined for a stream. Parts that are missing or wrong are problems.
 *
 * @throws AirgapError `INPUT` when it cannot be read
 */
async function openInput(bundle: VerifyOptions['bundle'], problems: Problem[]) {
  if (typeof bundle !== 'string') return undefined;
  try {
    return await openStorage(bundle);
  } catch (error) {
    if (!(error instanceof AirgapError) || error.code !== 'BUNDLE') throw error;
    const errors = error.details.length > 0 ? error.details : [error];
    problems.push(...errors.map(({ message }) => ({ message })));
    return undefined;
  }
}

function incomplete(layout: Layout, bases: readonly string[], missing: BlobAmount): string {
  const layers = formatLayers(missing);
  if (bases.length === 0) return `incomplete: ${layers} expected from the base`;
  const given = bases.join(', ');
  return `incomplete: ${layers} expected from the base, not in ${given}; made against ${formatBases(layout)}`;
}

/** The files of a stored layout; unexpected entries of a tar are problems. */
async function listFiles(storage: DirectoryFiles | RandomAccess, problems: Problem[]): Promise<LayoutFiles> {
  if (storage instanceof DirectoryFiles) return storage;
  return new TarFiles(storage, await checkTar(storage, problems));
}

/** The files of a streamed tar, whose blobs were hashed on the way. */
async function readStream(stream: AsyncIterable<Uint8Array>, problems: Problem[]) {
  const { files, digests } = await readTar(stream, STREAM, problems);
  const checkContent: typeof checkBlobs = async (layout, problems, onEvent, signal) => {
    for (const { entry, digest } of blobsOf(layout)) {
      const actual = digests.get(entry.name);
      const message = actual && digestMismatch(digest, actual);
      if (message !== undefined) problems.push({ message, entry: entry.name, ...offsetOf(entry) });
    }
    // The blobs of a base were not in the stream.
    const others = blobsOf(layout).filter(({ entry }) => !digests.has(entry.name));
    await checkBlobs(layout, problems, onEvent, signal, others);
  };
  return { files, checkContent };
}
