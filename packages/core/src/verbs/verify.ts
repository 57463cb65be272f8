import { DirectoryFiles } from '../layout/directory-files.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles, LayoutForm } from '../layout/layout-files.ts';
import { openStorage } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { interrupted } from '../model/interrupted.ts';
import type { OnEvent } from '../store/events.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { blobsOf, checkBlobs } from '../verify/blob-check.ts';
import { checkDocuments } from '../verify/document-check.ts';
import { checkNames } from '../verify/name-check.ts';
import type { Problem } from '../verify/problem.ts';
import { ReferenceCheck } from '../verify/reference-check.ts';
import { checkTar } from '../verify/tar-check.ts';

/** The options of {@link verify}. */
export interface VerifyOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory. */
  readonly bundle: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
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
 * contains nothing else. It returns what is wrong as problems.
 *
 * @throws AirgapError `INPUT` when the file cannot be read, `INTERRUPTED`
 */
export async function verify({
  bundle: path,
  signal,
  onEvent = () => {},
}: VerifyOptions): Promise<VerifyResult> {
  const problems: Problem[] = [];
  await using storage = await openStorage(path);
  try {
    const layout = new Layout(await listFiles(storage, problems));
    const blobs = blobsOf(layout);
    const bytes = blobs.reduce((sum, { entry }) => sum + entry.size, 0);
    onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: layout.size });
    onEvent({ type: 'phase', phase: 'verify' });
    await checkBlobs(layout, problems, onEvent, signal);
    const names = await layout.names();
    checkNames(layout, names, problems);
    await checkDocuments(layout, names, problems);
    await new ReferenceCheck(layout, problems).check(names);
    const images = names.flatMap(({ name }) => name ?? []);
    return { path, form: layout.form, images, blobs: blobs.length, bytes, problems };
  } catch (error) {
    if (signal?.aborted) throw interrupted(error);
    if (!(error instanceof AirgapError)) throw error;
    problems.push({ message: error.message });
    return { path, form: 'bundle', images: [], blobs: 0, bytes: 0, problems };
  }
}

/** The files of a layout; unexpected entries of a tar are problems. */
async function listFiles(storage: DirectoryFiles | RandomAccess, problems: Problem[]): Promise<LayoutFiles> {
  if (storage instanceof DirectoryFiles) return storage;
  return new TarFiles(storage, await checkTar(storage, problems));
}
