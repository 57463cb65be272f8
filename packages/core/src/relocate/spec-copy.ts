import { realpath } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { filesBelow } from '../input/find/directory.ts';
import { folderOf } from '../input/find/find-input.ts';
import { AirgapError } from '../model/errors.ts';

/** A file of the specs and the path of its copy. */
export interface SpecCopy {
  readonly from: string;
  readonly to: string;
}

/**
 * Lists all files of the specs with the paths of their copies; like `cp -r`, each spec keeps its last path segment.
 *
 * @throws AirgapError `INPUT`, `USAGE` for two specs with the same copy, and for copies inside the specs
 */
export async function specCopies(specs: readonly string[], directory: string): Promise<SpecCopy[]> {
  const copies = (await Promise.all(specs.map(spec => copiesOf(spec, directory)))).flat();
  const sources = new Map<string, string>();
  for (const copy of copies) {
    const { from, to } = copy;
    await assertNotSource(copy);
    const other = sources.get(to);
    if (other !== undefined) throw sameCopy(other, from, to);
    sources.set(to, from);
  }
  return copies;
}

async function copiesOf(spec: string, directory: string): Promise<SpecCopy[]> {
  const folder = await folderOf(spec);
  if (folder !== undefined) await assertOutside(folder, directory);
  const root = join(directory, basename(resolve(folder ?? spec)));
  if (folder === undefined) return [{ from: spec, to: root }];
  return (await filesBelow(folder)).map(from => ({ from, to: join(root, relative(folder, from)) }));
}

/** A copy inside a folder of specs would be read as a spec in the next run. */
async function assertOutside(folder: string, directory: string): Promise<void> {
  const path = relative(await realpath(folder), await resolveExistingPath(directory));
  if (path !== '..' && !path.startsWith(`..${sep}`)) throw insideSpecs(directory);
}

/** A copy at the path of its source, also through a symbolic link, would overwrite the source. */
async function assertNotSource({ from, to }: SpecCopy): Promise<void> {
  if ((await resolveExistingPath(to)) === (await realpath(from))) throw insideSpecs(to);
}

function insideSpecs(path: string): AirgapError {
  return new AirgapError('USAGE', 'the rewritten specs would be written into the input specs', {
    where: { path },
    hint: 'Choose another folder for --rewrite.',
  });
}

function sameCopy(first: string, second: string, to: string): AirgapError {
  return new AirgapError('USAGE', `${first} and ${second} would both be rewritten as ${to}`, {
    hint: 'Pass the folder that contains both, or rewrite them one at a time.',
  });
}
