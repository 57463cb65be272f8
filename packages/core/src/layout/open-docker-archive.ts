import type { RandomAccess } from '../store/random-access.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import { DockerArchiveFiles } from './docker-archive-files.ts';
import { Layout } from './layout.ts';
import { layoutName, TarFiles } from './tar-files.ts';

/**
 * Opens an archive of docker: with manifests, as docker 25 and later save it, or without.
 *
 * @param tar is closed with the layout, or when this fails
 * @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` when it is something else
 */
export async function openDockerArchive(tar: RandomAccess): Promise<Layout> {
  try {
    for await (const { name } of walkExtendedTar(tar))
      if (layoutName(name) === 'index.json') return new Layout(await TarFiles.open(tar));
    return new Layout(await DockerArchiveFiles.open(tar));
  } catch (error) {
    await tar[Symbol.asyncDispose]();
    throw error;
  }
}
