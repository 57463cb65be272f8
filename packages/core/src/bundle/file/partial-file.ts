import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { type FileIdentity, identityOf, isFileAt } from '../../fs/file-identity.ts';
import type { Ranges } from '../../store/ranges.ts';
import type { TarPlan } from '../../tar/plan.ts';
import { checkSpace } from './disk.ts';
import { Journal, planIdentity, readJournal } from './journal.ts';
import { PidLock } from './pid-lock.ts';

/** The files beside a bundle while it is being written. They stay when the build is interrupted. */
export interface PartialPaths {
  /** The partial bundle. */
  readonly partial: string;
  readonly journal: string;
  readonly lock: string;
  /** The partial bundle of an interrupted build with a different plan, and its journal. */
  readonly previous: string;
  readonly previousJournal: string;
}

export function partialPaths(path: string): PartialPaths {
  const partial = `${path}.partial`;
  return {
    partial,
    journal: `${partial}.journal`,
    lock: `${partial}.lock`,
    previous: `${partial}.old`,
    previousJournal: `${partial}.old.journal`,
  };
}

/** A partial bundle that this process has locked. */
export interface OpenPartial {
  readonly lock: PidLock;
  readonly file: FileHandle;
  /** Of the file, whatever has its name later. */
  readonly identity: FileIdentity;
  readonly journal: Journal;
  /** The ranges that an interrupted build wrote, by the index of the entry in the plan. */
  readonly written: ReadonlyMap<number, Ranges>;
}

type OpenedFile = Omit<OpenPartial, 'lock' | 'identity'>;

/** Opens the partial bundle for a plan, at its full length: an existing one to resume, or a new one. */
export async function openPartial(path: string, plan: TarPlan): Promise<OpenPartial> {
  const lock = await PidLock.take(partialPaths(path).lock);
  try {
    const opened = (await resume(path, plan)) ?? (await create(path, plan));
    return { lock, ...opened, identity: await identityOf(opened.file) };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Removes the files beside a bundle, except the lock and a partial bundle that another process has put there. */
export async function removePartial(path: string, identity: FileIdentity): Promise<void> {
  const { partial, journal, previous, previousJournal } = partialPaths(path);
  if (await isFileAt(partial, identity)) await rm(partial, { force: true });
  for (const file of [journal, previous, previousJournal]) await rm(file, { force: true });
}

/** Opens an existing partial bundle, if it has the same plan and the expected size. */
async function resume(path: string, plan: TarPlan): Promise<OpenedFile | undefined> {
  const paths = partialPaths(path);
  const content = await readJournal(paths.journal);
  if (content?.plan !== planIdentity(plan)) return undefined;
  const file = await open(paths.partial, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => undefined);
  const stat = await file?.stat();
  if (file && stat?.isFile() && stat.size === plan.size) {
    await checkSpace(path, plan.size - stat.blocks * 512);
    return { file, journal: Journal.resume(paths.journal), written: content.written };
  }
  await file?.close();
  return undefined;
}

async function create(path: string, plan: TarPlan): Promise<OpenedFile> {
  const paths = partialPaths(path);
  if (await readJournal(paths.journal)) await keepPrevious(paths);
  await checkSpace(path, plan.size);
  await rm(paths.partial, { force: true });
  const file = await open(paths.partial, 'wx+', 0o644);
  try {
    await file.truncate(plan.size);
    return { file, journal: Journal.create(paths.journal, planIdentity(plan)), written: new Map() };
  } catch (error) {
    await file.close();
    await rm(paths.partial, { force: true });
    throw error;
  }
}

/** Renames a partial bundle with a different plan: it may contain blobs of the new plan. */
async function keepPrevious({ partial, journal, previous, previousJournal }: PartialPaths): Promise<void> {
  const renamed = await rename(partial, previous).then(
    () => true,
    () => false,
  );
  if (renamed) await rename(journal, previousJournal);
}
