import { sep } from 'node:path';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { AirgapError } from '../model/errors.ts';

/**
 * Refuses a file to write that is one of the inputs or inside one of them; symbolic links are resolved.
 *
 * @throws AirgapError `USAGE`
 */
export async function checkConflicts(file: string, paths: readonly string[]): Promise<void> {
  const resolved = await resolveExistingPath(file);
  for (const path of paths) {
    if (!`${resolved}${sep}`.startsWith(`${await resolveExistingPath(path)}${sep}`)) continue;
    throw new AirgapError('USAGE', `${file} conflicts with ${path}`, { hint: 'Choose another file.' });
  }
}

/**
 * Refuses a file to write that is one of the inputs; it may be inside of one. Symbolic links are resolved.
 *
 * @throws AirgapError `USAGE`
 */
export async function checkNotInput(file: string, inputs: readonly string[]): Promise<void> {
  const resolved = await resolveExistingPath(file);
  for (const input of inputs) {
    if (resolved !== (await resolveExistingPath(input))) continue;
    throw new AirgapError('USAGE', `${file} is an input, and would be replaced`, {
      hint: 'Choose another file.',
    });
  }
}
