import { DirectoryFiles } from '../layout/directory-files.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles, LayoutForm } from '../layout/layout-files.ts';
import { openStorage } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { type OnTimedEvent, withTime } from '../store/events.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { digestMismatch } from '../store/verifier.ts';
import { blobsOf, checkBlobs } from '../verify/blob-check.ts';
import { checkDocuments } from '../verify/document-check.ts';
import { checkNames } from '../verify/name-check.ts';
import { offsetOf, type Problem } from '../verify/problem.ts';
import { ReferenceCheck } from '../verify/reference-check.ts';
import { checkTar } from '../verify/tar-check.ts';
import { readTar } from '../verify/tar-stream.ts';
import { checkOptions } from './check-options.ts';

/** The path in the result for a stream. */
const STREAM = '<stdin>';

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory; or a stream, read once. */
  readonly bundle: string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** What {@link verify} found. */
export interface VerifyResult {
  readonly path: string;
  /** How it is stored: a bundle, an archive of another tool, or a directory. */
  readonly form: LayoutForm;
  /** The names of its images. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** The total size of all blobs. */
  readonly bytes: number;
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
  await using storage = typeof bundle === 'string' ? await openStorage(bundle) : undefined;
  try {
    const { files, checkContent } =
      storage === undefined
        ? await readStream(bundle as AsyncIterable<Uint8Array>, problems)
        : { files: await listFiles(storage, problems), checkContent: checkBlobs };
    const layout = new Layout(files);
    const blobs = blobsOf(layout);
    const bytes = blobs.reduce((sum, { entry }) => sum + entry.size, 0);
    onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: layout.size });
    onEvent({ type: 'phase', phase: 'verify' });
    await checkContent(layout, problems, onEvent, signal);
    const names = await layout.names();
    checkNames(layout, names, problems);
    await checkDocuments(layout, names, problems);
    const notices = await new ReferenceCheck(layout, problems).check(names);
    for (const message of notices) onEvent({ type: 'notice', message });
    if (storage && !(storage instanceof DirectoryFiles) && !(await storage.isUnchanged()))
      problems.push({ message: 'the file was modified while it was verified' });
    const images = names.flatMap(({ name }) => name ?? []);
    return { path, form: layout.form, images, blobs: blobs.length, bytes, problems };
  } catch (error) {
    if (signal?.aborted || !(error instanceof AirgapError) || error.code === 'DISK') throw error;
    problems.push({ message: error.message });
    return { path, form: 'bundle', images: [], blobs: 0, bytes: 0, problems };
  }
}

/** The files of a stored layout; unexpected entries of a tar are problems. */
async function listFiles(storage: DirectoryFiles | RandomAccess, problems: Problem[]): Promise<LayoutFiles> {
  if (storage instanceof DirectoryFiles) return storage;
  return new TarFiles(storage, await checkTar(storage, problems));
}

/** The files of a streamed tar, whose blobs were hashed on the way. */
async function readStream(stream: AsyncIterable<Uint8Array>, problems: Problem[]) {
  const { files, digests } = await readTar(stream, STREAM, problems);
  const checkContent = async (layout: Layout) => {
    for (const { entry, digest } of blobsOf(layout)) {
      const message = digestMismatch(digest, digests.get(entry.name));
      if (message !== undefined) problems.push({ message, entry: entry.name, ...offsetOf(entry) });
    }
  };
  return { files, checkContent };
}
