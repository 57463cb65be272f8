import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import type { Ranges } from '../../store/ranges.ts';
import type { TarPlan } from '../../tar/plan.ts';
import { checkFileSize, checkSpace } from './disk.ts';
import { Journal, planIdentity, readJournal } from './journal.ts';
import { OutputFiles } from './output-files.ts';
import { OutputNames } from './output-names.ts';
import { PidLock } from './pid-lock.ts';

/** A plan and where it is written. */
export interface PlannedOutput {
  readonly names: OutputNames;
  readonly plan: TarPlan;
  /** The size of the parts, in bytes; undefined for a single file. */
  readonly partSize: number | undefined;
}

/** A partial bundle that this process has locked. */
export interface OpenPartial {
  readonly lock: PidLock;
  readonly files: OutputFiles;
  readonly journal: Journal;
  /** The ranges that an interrupted build wrote, by the index of the entry in the plan. */
  readonly written: ReadonlyMap<number, Ranges>;
}

type OpenedFiles = Omit<OpenPartial, 'lock'>;

/** Opens the partial bundle for a plan, at its full length: an existing one to resume, or a new one. */
export async function openPartial(output: PlannedOutput): Promise<OpenPartial> {
  const lock = await PidLock.take(output.names.lock);
  try {
    const opened = (await resume(output)) ?? (await create(output));
    return { lock, ...opened };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Removes the files beside a bundle, except the lock and partial files that another process has put there. */
export async function removePartial(names: OutputNames, files: OutputFiles): Promise<void> {
  for (const [index, partial] of names.partials.entries())
    if (await files.isAt(index, partial)) await rm(partial, { force: true });
  const previous = await names.existingPrevious();
  for (const file of [names.journal, ...previous, names.previousJournal]) await rm(file, { force: true });
}

/** Opens an existing partial bundle, if it has the same plan and the expected sizes. */
async function resume(output: PlannedOutput): Promise<OpenedFiles | undefined> {
  const { names, plan, partSize = plan.size } = output;
  const content = await readJournal(names.journal);
  if (content?.plan !== planIdentity(plan, output.partSize)) return undefined;
  await takeBackRenamed(names);
  const handles: FileHandle[] = [];
  let written = 0;
  for (const [index, path] of names.partials.entries()) {
    const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch(() => undefined);
    if (file) handles.push(file);
    const stats = await file?.stat();
    if (stats?.isFile() !== true || stats.size !== names.sizeOf(index)) return closeAll(handles);
    written += stats.blocks * 512;
  }
  const files = await OutputFiles.of(handles, partSize);
  await checkSpace(names.first, plan.size - written);
  return { files, journal: Journal.resume(names.journal), written: content.written };
}

/** A build that is killed between the renames of its parts has renamed the last ones, never the first. */
async function takeBackRenamed(names: OutputNames): Promise<void> {
  const [first = '', ...others] = names.partials;
  if (!(await exists(first))) return;
  for (const [index, partial] of others.entries())
    if (!(await exists(partial))) await renameIfExists(names.files[index + 1] ?? '', partial);
}

async function create(output: PlannedOutput): Promise<OpenedFiles> {
  const { names, plan, partSize = plan.size } = output;
  if (await readJournal(names.journal)) await keepPrevious(names);
  await checkFileSize(names.first, names.sizeOf(0));
  await checkSpace(names.first, plan.size);
  for (const partial of await names.existingPartials()) await rm(partial, { force: true });
  const handles: FileHandle[] = [];
  try {
    for (const [index, path] of names.partials.entries()) {
      const file = await open(path, 'wx+', 0o644);
      handles.push(file);
      await file.truncate(names.sizeOf(index));
    }
    const journal = Journal.create(names.journal, planIdentity(plan, output.partSize));
    return { files: await OutputFiles.of(handles, partSize), journal, written: new Map() };
  } catch (error) {
    await closeAll(handles);
    for (const path of names.partials.slice(0, handles.length)) await rm(path, { force: true });
    throw error;
  }
}

/** Renames a partial bundle with a different plan: it may contain blobs of the new plan. */
async function keepPrevious(names: OutputNames): Promise<void> {
  const partials = await names.existingPartials();
  if (partials.length === 0) return;
  for (const file of await names.existingPrevious()) await rm(file, { force: true });
  for (const partial of partials) await renameIfExists(partial, OutputNames.previousOf(partial));
  await rename(names.journal, names.previousJournal);
}

async function renameIfExists(from: string, to: string): Promise<void> {
  await rename(from, to).catch(() => {});
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function closeAll(handles: readonly FileHandle[]): Promise<undefined> {
  await Promise.all(handles.map(file => file.close()));
}
