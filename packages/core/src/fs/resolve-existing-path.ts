import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Where a path leads, absolute, links followed as far as it is there. */
export function resolveExistingPath(path: string): Promise<string> {
  const whole = resolve(path);
  return realpath(whole).catch(async () => join(await resolveExistingPath(dirname(whole)), basename(whole)));
}
