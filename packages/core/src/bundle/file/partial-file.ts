import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Ranges } from '../../store/ranges.ts';
import { checkSpace } from './disk.ts';
import { Journal, planOf, readJournal } from './journal.ts';
import type { Layout } from '../../tar/plan.ts';
import { Lock } from './pid-lock.ts';

/** What stands beside a bundle while it is being written, and stays when that is interrupted. */
export interface PartialPaths {
  /** The bundle's bytes. */
  readonly partial: string;
  readonly journal: string;
  readonly lock: string;
  /** What a build of another plan has left: its bytes and its journal. */
  readonly aside: string;
  readonly asideJournal: string;
}

export function partialPaths(path: string): PartialPaths {
  const partial = `${path}.partial`;
  return {
    partial,
    journal: `${partial}.journal`,
    lock: `${partial}.lock`,
    aside: `${partial}.old`,
    asideJournal: `${partial}.old.journal`,
  };
}

/** A partial bundle that this process may write. */
export interface Opened {
  readonly lock: Lock;
  readonly file: FileHandle;
  readonly journal: Journal;
  /** What an earlier build has written, by the slot's place in the layout. */
  readonly written: ReadonlyMap<number, Ranges>;
}

/** Opens the partial bundle for a layout, at its full length: the one that was left, or a new one. */
export async function openPartial(path: string, layout: Layout): Promise<Opened> {
  const lock = await Lock.take(partialPaths(path).lock);
  try {
    return { lock, ...((await goOn(path, layout)) ?? (await begin(path, layout))) };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Removes everything that stands beside a bundle, but the lock. */
export async function removePartial(path: string): Promise<void> {
  const { partial, journal, aside, asideJournal } = partialPaths(path);
  for (const file of [partial, journal, aside, asideJournal]) await rm(file, { force: true });
}

/** Goes on with what was left, if that is of the same plan and as large as it should be. */
async function goOn(path: string, layout: Layout): Promise<Omit<Opened, 'lock'> | undefined> {
  const paths = partialPaths(path);
  const left = await readJournal(paths.journal);
  if (left?.plan !== planOf(layout)) return undefined;
  const file = await open(paths.partial, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => undefined);
  const stat = await file?.stat();
  if (file && stat?.isFile() && stat.size === layout.size) {
    await checkSpace(path, layout.size - stat.blocks * 512);
    return { file, journal: Journal.resume(paths.journal), written: left.written };
  }
  await file?.close();
  return undefined;
}

async function begin(path: string, layout: Layout): Promise<Omit<Opened, 'lock'>> {
  const paths = partialPaths(path);
  if (await readJournal(paths.journal)) await setAside(paths);
  await checkSpace(path, layout.size);
  await rm(paths.partial, { force: true });
  const file = await open(paths.partial, 'wx+', 0o644);
  try {
    await file.truncate(layout.size);
    return { file, journal: Journal.create(paths.journal, planOf(layout)), written: new Map() };
  } catch (error) {
    await file.close();
    await rm(paths.partial, { force: true });
    throw error;
  }
}

/** What was left is of another plan, and may have blobs that this one wants. */
async function setAside({ partial, journal, aside, asideJournal }: PartialPaths): Promise<void> {
  const renamed = await rename(partial, aside).then(
    () => true,
    () => false,
  );
  if (renamed) await rename(journal, asideJournal);
}
