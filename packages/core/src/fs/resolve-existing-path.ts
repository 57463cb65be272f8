import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Returns the absolute path, with the symbolic links in its existing part resolved. */
export function resolveExistingPath(path: string): Promise<string> {
  const absolute = resolve(path);
  return realpath(absolute).catch(async () =>
    join(await resolveExistingPath(dirname(absolute)), basename(absolute)),
  );
}
