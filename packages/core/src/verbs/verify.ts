import { BundleReader } from '../bundle/reader.ts';
import { blobDigest } from '../layout/documents.ts';
import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import type { OnEvent } from '../store/events.ts';
import { checkBlobs } from '../verify/blob-check.ts';
import { checkDocuments } from '../verify/document-check.ts';
import { checkNames } from '../verify/name-check.ts';
import type { Problem } from '../verify/problem.ts';
import { ReferenceCheck } from '../verify/reference-check.ts';
import { checkTar } from '../verify/tar-check.ts';

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** The bundle's path. */
  readonly bundle: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** What {@link verify} found. */
export interface VerifyResult {
  readonly path: string;
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
 * contains nothing else. It returns what is wrong as problems.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `INTERRUPTED`
 */
export async function verify({
  bundle: path,
  signal,
  onEvent = () => {},
}: VerifyOptions): Promise<VerifyResult> {
  await using bundle = await BundleReader.open(path);
  const problems: Problem[] = [];
  try {
    const entries = await checkTar(bundle, problems);
    const blobs = [...entries.values()].filter(({ name }) => blobDigest(name) !== undefined);
    const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
    onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: bundle.size });
    onEvent({ type: 'phase', phase: 'verify' });
    await checkBlobs(bundle, blobs, problems, onEvent, signal);
    const names = await bundle.names(entries);
    checkNames(names, problems);
    await checkDocuments(bundle, entries, names, problems);
    await new ReferenceCheck(bundle, entries, problems).check(names);
    const images = names.flatMap(({ name }) => name ?? []);
    return { path, images, blobs: blobs.length, bytes, problems };
  } catch (error) {
    if (signal?.aborted) throw interrupted(error);
    if (!(error instanceof AirgapError)) throw error;
    return { path, images: [], blobs: 0, bytes: 0, problems: [...problems, { message: error.message }] };
  }
}
