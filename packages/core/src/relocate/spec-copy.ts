import { realpath } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { filesBelow } from '../input/find/directory.ts';
import { folderOf } from '../input/find/find-input.ts';
import { AirgapError } from '../model/errors.ts';

/** A file of the specs, and where its copy goes. */
export interface SpecCopy {
  readonly from: string;
  readonly to: string;
}

/**
 * Finds every file of some specs; each spec goes into the folder under its own last name, as `cp -r` has it.
 *
 * @throws AirgapError `INPUT`, `USAGE` for two that would have one name, and for copies among the specs themselves
 */
export async function specCopies(specs: readonly string[], directory: string): Promise<SpecCopy[]> {
  const all = await Promise.all(specs.map(spec => copiesOf(spec, directory)));
  const copies = all.flat();
  const taken = new Map<string, string>();
  for (const copy of copies) {
    const { from, to } = copy;
    await refuseSame(copy);
    const other = taken.get(to);
    if (other !== undefined) throw twice(other, from, to);
    taken.set(to, from);
  }
  return copies;
}

async function copiesOf(spec: string, directory: string): Promise<SpecCopy[]> {
  const folder = await folderOf(spec);
  if (folder !== undefined) await refuseInside(folder, directory);
  const root = join(directory, basename(resolve(folder ?? spec)));
  if (folder === undefined) return [{ from: spec, to: root }];
  return (await filesBelow(folder)).map(from => ({ from, to: join(root, relative(folder, from)) }));
}

/** Copies in a folder of specs would be specs the next time. */
async function refuseInside(folder: string, directory: string): Promise<void> {
  const way = relative(await realpath(folder), await resolveExistingPath(directory));
  if (way !== '..' && !way.startsWith(`..${sep}`)) throw among(directory);
}

/** A copy in a file's own place, or where a link leads to it, would replace the file. */
async function refuseSame({ from, to }: SpecCopy): Promise<void> {
  if ((await resolveExistingPath(to)) === (await realpath(from))) throw among(to);
}

function among(path: string): AirgapError {
  return new AirgapError('USAGE', 'the rewritten specs would be among the specs themselves', {
    where: { path },
    hint: 'Name another folder for them with --rewrite.',
  });
}

function twice(one: string, other: string, to: string): AirgapError {
  return new AirgapError('USAGE', `${one} and ${other} would both be rewritten as ${to}`, {
    hint: 'Name the folder that they are in, or rewrite them one by one.',
  });
}
