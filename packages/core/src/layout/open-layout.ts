import { stat } from 'node:fs/promises';
import { fileReadError } from '../fs/file-read-error.ts';
import { type ArchiveOptions, isAirgap } from '../kots/archive.ts';
import type { AirgapError } from '../model/errors.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { AirgapFiles } from './airgap-files.ts';
import { DeltaFiles } from './delta-files.ts';
import { DirectoryFiles } from './directory-files.ts';
import { Layout } from './layout.ts';
import type { LayoutFiles } from './layout-files.ts';
import { findParts, openParts } from './parts.ts';
import { TarFiles } from './tar-files.ts';

/**
 * Opens an OCI image layout: a bundle, its parts, a delta, an archive of another tool, a `.airgap` of KOTS, or a directory.
 * Close it when it is no longer needed.
 *
 * @param path for parts, that of the first one, or of the bundle that they make
 * @param bases layouts that may have the layers that a delta lacks; other layouts do not read them
 * @param options for a compressed `.airgap`, which is decompressed into a temporary file
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else, which the error names, or when
 * parts are missing or wrong; `DISK`
 */
export async function openLayout(
  path: string,
  bases: readonly string[] = [],
  options: ArchiveOptions = {},
): Promise<Layout> {
  return new Layout(await openFiles(path, bases, options));
}

async function openFiles(
  path: string,
  bases: readonly string[],
  options: ArchiveOptions,
): Promise<LayoutFiles> {
  const storage = await openStorage(path);
  if (storage instanceof DirectoryFiles) return storage;
  if (await isAirgap(storage)) {
    await storage[Symbol.asyncDispose]();
    return openAirgap(path, options);
  }
  try {
    const files = await TarFiles.open(storage);
    if (files.form !== 'delta') return files;
    return await openDelta(files, await OpenLayouts.open(bases, options));
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

async function openAirgap(path: string, options: ArchiveOptions): Promise<AirgapFiles> {
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
  options: ArchiveOptions = {},
): Promise<Layout> {
  const storage = await openStorage(path);
  if (storage instanceof DirectoryFiles) return new Layout(storage);
  if (await isAirgap(storage)) {
    await storage[Symbol.asyncDispose]();
    return openLayout(path, [], options);
  }
  try {
    const files = await TarFiles.openReadable(storage, onDamage);
    if (files.entries.size > 0) return new Layout(files);
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
  await storage[Symbol.asyncDispose]();
  // The error says what the file is instead.
  return openLayout(path);
}

type OpenOne = (path: string) => Promise<Layout>;

/** Several open layouts that are closed together, once. */
export class OpenLayouts implements AsyncDisposable {
  readonly layouts: Layout[] = [];

  /** @param open opens one of them @throws AirgapError as {@link openLayout} */
  static async open(
    paths: readonly string[],
    options: ArchiveOptions = {},
    open: OpenOne = path => openLayout(path, [], options),
  ): Promise<OpenLayouts> {
    const opened = new OpenLayouts();
    try {
      for (const path of paths) opened.layouts.push(await open(path));
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
 * Opens a directory, or a file or parts that should be a tar.
 *
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when parts are missing or wrong
 */
export async function openStorage(path: string): Promise<DirectoryFiles | RandomAccess> {
  const parts = await findParts(path);
  if (parts) return openParts(parts);
  const stats = await stat(path).catch(cause => {
    throw fileReadError('the bundle', path, cause);
  });
  return stats.isDirectory() ? DirectoryFiles.open(path) : FileAccess.open(path, 'the bundle');
}
