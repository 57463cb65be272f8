import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { FileAccess } from '../store/file-access.ts';
import { JoinedAccess } from '../store/joined-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { parsePartPath, partPath } from '../tar/parts.ts';
import { expectedTar } from './expected-tar.ts';
import { PartCheck } from './part-check.ts';

/** The existing parts of a bundle. */
export interface FoundParts {
  /** The path of the bundle that they make: `bundle.tar` for `bundle.tar.001`. */
  readonly path: string;
  /** Which parts exist, counted from 0, in order. */
  readonly numbers: readonly number[];
}

/** A part that is open. */
export interface OpenPart {
  /** Counted from 0. */
  readonly number: number;
  readonly file: FileAccess;
}

/**
 * Finds the parts that a path names: that of the first part, or of a bundle of which only parts exist.
 *
 * @returns undefined when the path is not that of parts
 * @throws AirgapError `INPUT` for another part than the first
 */
export async function findParts(path: string): Promise<FoundParts | undefined> {
  const named = parsePartPath(path);
  if (named) {
    const found = await listParts(named.path);
    if (named.part === 0) return found;
    if (found?.numbers[0] === 0 && found.numbers.includes(named.part)) throw notFirst(path, named.path);
  }
  return (await exists(path)) ? undefined : listParts(path);
}

/**
 * Opens parts as one tar, without joining them.
 *
 * @throws AirgapError `BUNDLE` that names every part that is missing, short, swapped or of another bundle; `INPUT` when
 * one cannot be read
 */
export async function openParts({ path, numbers }: FoundParts): Promise<RandomAccess> {
  const parts: OpenPart[] = [];
  try {
    for (const number of numbers)
      parts.push({ number, file: await FileAccess.open(partPath(path, number), 'the part') });
    const [first] = parts;
    const expected = first?.number === 0 ? await expectedTar(first.file) : undefined;
    await new PartCheck(path, parts, expected).run();
    const files = parts.map(({ file }) => file);
    return new JoinedAccess(partPath(path, 0), files);
  } catch (error) {
    await Promise.all(parts.map(({ file }) => file[Symbol.asyncDispose]()));
    throw error;
  }
}

/** The parts of a bundle beside each other in a folder; undefined without any. */
async function listParts(path: string): Promise<FoundParts | undefined> {
  const start = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  const numbers = names
    .filter(name => name.startsWith(start) && /^\d{3}$/.test(name.slice(start.length)))
    .map(name => Number(name.slice(start.length)) - 1)
    .filter(number => number >= 0)
    .sort((a, b) => a - b);
  return numbers.length > 0 ? { path: join(dirname(path), basename(path)), numbers } : undefined;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function notFirst(path: string, bundle: string): AirgapError {
  return new AirgapError('INPUT', 'not the first part of a bundle', {
    where: { path },
    hint: `Pass ${partPath(bundle, 0)}.`,
  });
}
