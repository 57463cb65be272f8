import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Returns the absolute path, with the symbolic links in its existing part resolved. A link whose target does not exist
 * is followed to where the target would be; one to a pipe without a name, such as `/dev/stdout`, is not.
 */
export async function resolveExistingPath(path: string, links = MAX_LINKS): Promise<string> {
  const absolute = resolve(path);
  const real = await realpath(absolute).catch(() => undefined);
  if (real !== undefined || (await leadsSomewhere(absolute))) return real ?? absolute;
  const folder = await resolveExistingPath(dirname(absolute), links);
  const target = await readlink(absolute).catch(() => undefined);
  if (target === undefined || links === 0) return join(folder, basename(absolute));
  return resolveExistingPath(resolve(folder, target), links - 1);
}

function leadsSomewhere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
