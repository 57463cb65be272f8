import { stat } from 'node:fs/promises';
import { fileReadError } from '../fs/file-read-error.ts';
import { isAirgap } from '../kots/archive.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { walkTar } from '../tar/walk.ts';
import { AirgapFiles } from './airgap-files.ts';
import { DirectoryFiles } from './directory-files.ts';
import { DockerArchiveFiles } from './docker-archive-files.ts';
import { Layout } from './layout.ts';
import { layoutName, TarFiles } from './tar-files.ts';

/**
 * Opens an OCI image layout: a bundle, an archive of another tool, a `.airgap` of KOTS, or a directory. Close it when it is
 * no longer needed.
 *
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else, which the error names
 */
export async function openLayout(path: string): Promise<Layout> {
  const storage = await openStorage(path);
  if (!(storage instanceof DirectoryFiles) && (await isAirgap(storage))) {
    await storage[Symbol.asyncDispose]();
    return new Layout(await AirgapFiles.open(path));
  }
  if (storage instanceof DirectoryFiles) return new Layout(storage);
  try {
    return new Layout(await TarFiles.open(storage));
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens an archive of docker: with manifests, as docker 25 and later save it, or without.
 *
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else
 */
export async function openDockerArchive(tar: RandomAccess): Promise<Layout> {
  try {
    for await (const { name } of walkTar(tar))
      if (layoutName(name) === 'index.json') return new Layout(await TarFiles.open(tar));
    return new Layout(await DockerArchiveFiles.open(tar));
  } catch (error) {
    await tar[Symbol.asyncDispose]();
    throw error;
  }
}

/** Several open layouts that are closed together. */
export class OpenLayouts implements AsyncDisposable {
  readonly layouts: Layout[] = [];

  /** @throws AirgapError as {@link openLayout} */
  static async open(paths: readonly string[]): Promise<OpenLayouts> {
    const opened = new OpenLayouts();
    try {
      for (const path of paths) opened.layouts.push(await openLayout(path));
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.layouts.map(layout => layout[Symbol.asyncDispose]()));
  }
}

/** Opens a directory, or a file that should be a tar. @throws AirgapError `INPUT` when it cannot be read */
export async function openStorage(path: string): Promise<DirectoryFiles | RandomAccess> {
  const stats = await stat(path).catch(cause => {
    throw fileReadError('the bundle', path, cause);
  });
  return stats.isDirectory() ? DirectoryFiles.open(path) : FileAccess.open(path, 'the bundle');
}
