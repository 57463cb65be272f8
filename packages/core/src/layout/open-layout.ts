import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileExists } from '../fs/file-exists.ts';
import { fileReadError } from '../fs/file-read-error.ts';
import { type ArchiveOptions, isAirgap } from '../kots/archive.ts';
import { AirgapError } from '../model/errors.ts';
import { baseName, isUrl, shownPath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { openObject } from '../objects/read/open-object.ts';
import { FileAccess } from '../store/file-access.ts';
import { isRemote, type RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { BLOCK } from '../tar/header.ts';
import { parsePartPath } from '../tar/parts.ts';
import { AirgapFiles } from './airgap-files.ts';
import { DeltaFiles } from './delta-files.ts';
import { DirectoryFiles } from './directory-files.ts';
import { Layout } from './layout.ts';
import type { LayoutFiles } from './layout-files.ts';
import { findParts, openParts } from './parts.ts';
import { TarFiles } from './tar-files.ts';
import { openByHead } from './tar-head.ts';

const STREAM_HINT = 'Write it to a file first: only airgap verify reads a bundle from standard input.';

/** The options of {@link openLayout}. */
export interface OpenOptions extends ObjectOptions {
  /** Layouts that may have the layers that a delta lacks; other layouts do not read them. */
  readonly base?: readonly string[] | undefined;
}

/**
 * Opens an OCI image layout: a bundle, its parts, a delta, an archive of another tool, a `.airgap` of KOTS, or a directory.
 * Close it when it is no longer needed.
 *
 * @param path for parts, that of the first one, or of the bundle that they make; a bundle may also be at an `https://` or
 * `s3://` URL. A compressed `.airgap` is decompressed into a temporary file
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else, which the error names, or when
 * parts are missing or wrong
 */
export async function openLayout(path: string, options: OpenOptions = {}): Promise<Layout> {
  return new Layout(await openFiles(path, options));
}

async function openFiles(path: string, { base = [], ...options }: OpenOptions): Promise<LayoutFiles> {
  const storage = await openStorage(path, options);
  if (storage instanceof DirectoryFiles) return storage;
  if (await isAirgap(storage)) {
    await storage[Symbol.asyncDispose]();
    return openAirgap(path, options);
  }
  try {
    const files = await openTar(storage);
    if (files.form !== 'delta') return files;
    return await openDelta(files, await OpenLayouts.open(base, options));
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

/** Where each read is a request, the offsets are computed from the head, if it is that of a bundle. */
async function openTar(tar: RandomAccess): Promise<LayoutFiles> {
  const files = isRemote(tar) ? await openByHead(tar) : undefined;
  return files ?? TarFiles.open(tar);
}

async function openAirgap(path: string, options: ArchiveOptions): Promise<AirgapFiles> {
  if (isUrl(path)) throw remoteAirgap(path);
  const files = await AirgapFiles.open(path, options);
  try {
    files.requireImages();
    return files;
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens a delta with its bases, which are closed with it. @throws AirgapError as {@link openLayout} */
async function openDelta(files: LayoutFiles, bases: OpenLayouts): Promise<DeltaFiles> {
  try {
    return await DeltaFiles.open(files, bases);
  } catch (error) {
    await bases[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens a layout as a source of blobs that are verified when they are read. It may be a damaged bundle: what can be read
 * of it is used.
 *
 * @param onDamage receives why not all of it can be used
 * @throws AirgapError as {@link openLayout}, if no blob can be read
 */
export async function openBlobs(
  path: string,
  onDamage: (reason: AirgapError) => void,
  options: ObjectOptions = {},
): Promise<Layout> {
  const storage = await openStorage(path, options);
  if (storage instanceof DirectoryFiles) return new Layout(storage);
  if (await isAirgap(storage)) {
    await storage[Symbol.asyncDispose]();
    return openLayout(path, options);
  }
  try {
    const files =
      (isRemote(storage) && (await openByHead(storage))) || (await TarFiles.openReadable(storage, onDamage));
    if (files.entries.size > 0) return new Layout(files);
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
  await storage[Symbol.asyncDispose]();
  // The error says what the file is instead.
  return openLayout(path, options);
}

/** Whether there is a layout at a path, and not an input file: its parts, a directory with its index, a tar, a `.airgap`, a URL. */
export async function isLayout(path: string): Promise<boolean> {
  if (isUrl(path) || (await findParts(path))) return true;
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) return fileExists(join(path, 'index.json'));
  if (!stats?.isFile()) return false;
  await using file = await FileAccess.open(path, 'the source');
  return (await isTar(file)) || (await isAirgap(file));
}

async function isTar(file: RandomAccess): Promise<boolean> {
  const block = Buffer.alloc(BLOCK);
  return (await readFully(file, block, 0)) && block.toString('latin1', 257, 262) === 'ustar';
}

type OpenOne = (path: string, options: ObjectOptions) => Promise<Layout>;

/** Several open layouts that are closed together, once. */
export class OpenLayouts implements AsyncDisposable {
  readonly layouts: Layout[] = [];

  /** @param open opens one of them @throws AirgapError as {@link openLayout} */
  static async open(
    paths: readonly string[],
    options: ObjectOptions = {},
    open: OpenOne = openLayout,
  ): Promise<OpenLayouts> {
    const opened = new OpenLayouts();
    try {
      for (const path of paths) opened.layouts.push(await open(path, options));
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.layouts.splice(0).map(layout => layout[Symbol.asyncDispose]()));
  }
}

/**
 * Opens a directory, or a file or parts that should be a tar, or a file at a URL.
 *
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when parts are missing or wrong, and the errors of
 * {@link openObject}
 */
export async function openStorage(
  path: string,
  options: ObjectOptions = {},
): Promise<DirectoryFiles | RandomAccess> {
  if (isUrl(path)) {
    if (parsePartPath(baseName(path))) throw remotePart(path);
    return openObject(path, options);
  }
  const parts = await findParts(path);
  if (parts) return openParts(parts);
  const stats = await stat(path).catch(cause => {
    throw fileReadError('the bundle', path, cause, path === '-' ? STREAM_HINT : undefined);
  });
  return stats.isDirectory() ? DirectoryFiles.open(path) : FileAccess.open(path, 'the bundle');
}

/** The error for a `.airgap` that would have to be walked by requests. */
export function remoteAirgap(path: string): AirgapError {
  return new AirgapError('UNSUPPORTED', 'a .airgap is not read from a URL', {
    where: { path: shownPath(path) },
    hint: 'Download it first.',
  });
}

/**
 * Refuses a base for a `.airgap`: that of a delta does not say which layers are missing.
 *
 * @throws AirgapError `USAGE`
 */
export function refuseAirgapBase(path: string, base: readonly string[] = []): void {
  if (base.length === 0) return;
  throw new AirgapError('USAGE', 'a .airgap is not completed from a base', {
    where: { path },
    hint: 'Omit --base; KOTS pushes a .airgap that is a delta to a registry that has the other layers.',
  });
}

function remotePart(path: string): AirgapError {
  return new AirgapError('UNSUPPORTED', 'parts are not read from a URL', {
    where: { path: shownPath(path) },
    hint: 'Download all parts into one folder, and pass the first one.',
  });
}

/** Refuses a URL where a file of this machine is needed. @throws AirgapError `UNSUPPORTED` */
export function refuseUrl(path: string): void {
  if (!isUrl(path)) return;
  throw new AirgapError('UNSUPPORTED', 'this command needs a file, not a URL', {
    where: { path: shownPath(path) },
    hint: 'Download it first.',
  });
}
