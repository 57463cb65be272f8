import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AirgapError } from '../../model/errors.ts';
import { HashPool } from '../../store/hash-pool.ts';
import { Ranges } from '../../store/ranges.ts';
import type { PlannedEntry, TarPlan } from '../../tar/plan.ts';
import type { TarTarget } from '../../tar/target.ts';
import { diskError } from './disk.ts';
import { FileSink } from './file-sink.ts';
import { OutputNames } from './output-names.ts';
import { type OpenPartial, openPartial, removePartial } from './partial-file.ts';

/** Where a bundle is written. */
export interface BundleFileOptions {
  readonly signal: AbortSignal;
  /** The size of the parts, in bytes, a multiple of a tar block; undefined for a single file. */
  readonly partSize?: number | undefined;
}

/**
 * A bundle while it is being written: `PATH.partial`, or `PATH.001.partial` and so on, at full length from the start. The
 * final names appear only with {@link BundleFile.commit}, that of the first part last. Without a commit, the partial
 * files and their journal stay, for the next build to resume.
 */
export class BundleFile implements TarTarget, AsyncDisposable {
  readonly order = 'any';
  readonly names: OutputNames;
  readonly #indexes: ReadonlyMap<PlannedEntry, number>;
  readonly #partial: OpenPartial;
  readonly #hashPool: HashPool;
  #isOpen = true;
  /** The bytes that the next build need not fetch, by the index of the blob. */
  readonly #resumable: Map<number, number>;

  private constructor(names: OutputNames, { entries }: TarPlan, partial: OpenPartial, signal: AbortSignal) {
    this.names = names;
    this.#indexes = new Map(entries.map((entry, index) => [entry, index]));
    this.#partial = partial;
    this.#hashPool = new HashPool(signal);
    this.#resumable = new Map([...partial.written].map(([index, ranges]) => [index, ranges.size]));
  }

  /**
   * Allocates the files. It resumes the partial files of an interrupted build with the same plan and the same size of
   * parts, and keeps those of a different one as a source of blobs.
   *
   * @throws AirgapError `DISK`, also while another build writes the same bundle
   */
  static async open(
    path: string,
    plan: TarPlan,
    { signal, partSize }: BundleFileOptions,
  ): Promise<BundleFile> {
    try {
      const names = new OutputNames(path, { size: plan.size, partSize });
      const partial = await openPartial({ names, plan, partSize });
      return new BundleFile(names, plan, partial, signal);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** The number of bytes that an interrupted build wrote; they are not verified yet. */
  get resumed(): number {
    let bytes = 0;
    for (const ranges of this.#partial.written.values()) bytes += ranges.size;
    return bytes;
  }

  /** Opens the writer for the blob of an entry; it has the bytes that an interrupted build wrote. */
  writer(entry: PlannedEntry): FileSink {
    const { files, journal, written } = this.#partial;
    const { offset } = entry;
    const index = this.#indexes.get(entry) ?? -1;
    return new FileSink({
      pieces: ({ start, end }) => files.pieces({ start: offset + start, end: offset + end }),
      hashPool: this.#hashPool,
      existing: written.get(index) ?? new Ranges(),
      onWritten: range => {
        this.#resumable.set(index, (this.#resumable.get(index) ?? 0) + range.end - range.start);
        journal.note(index, range);
      },
      onRestart: () => {
        this.#resumable.delete(index);
        journal.forget(index);
      },
    });
  }

  /** Writes bytes at an offset, and reads them back: no digest covers headers and documents. */
  write(bytes: Uint8Array, offset: number): undefined {
    this.#partial.files.write(bytes, offset);
  }

  /** The number of bytes that the next build can resume; they are not verified yet. */
  get resumableBytes(): number {
    return [...this.#resumable.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Whether the next build can resume this one if it is not committed. */
  get isResumable(): boolean {
    return this.#resumable.size > 0;
  }

  /** Removes the partial files on close, to free the disk space. */
  discard(): void {
    this.#resumable.clear();
  }

  /**
   * Syncs the files to the disk, then renames them to their final names.
   *
   * @throws AirgapError `DISK`, also when another process has replaced a file
   */
  async commit(): Promise<void> {
    try {
      await this.#partial.files.sync();
      await this.#rename();
      await syncDirectory(this.names.first);
      await this.#close();
      this.discard();
      await removePartial(this.names, this.#partial.files);
    } catch (error) {
      throw diskError(error, this.names.first);
    }
  }

  /**
   * Renames exactly the files that were written, and nothing that has taken their names meanwhile. The first part has its
   * final name only while all parts of the same bundle have theirs.
   */
  async #rename(): Promise<void> {
    const { files, partials, first } = this.names;
    for (const [index, partial] of partials.entries())
      if (!(await this.#partial.files.isAt(index, partial))) throw replaced(partial);
    if (files.length > 1) await rm(first, { force: true });
    for (const surplus of await this.names.surplusParts()) await rm(surplus, { force: true });
    for (const [index, partial] of [...partials.entries()].reverse())
      await this.#renameFile(index, partial, files[index] ?? first);
  }

  async #renameFile(index: number, partial: string, final: string): Promise<void> {
    await rename(partial, final);
    if (await this.#partial.files.isAt(index, final)) return;
    // Another process was faster: what it wrote must not keep the final name.
    await rename(final, partial);
    throw replaced(partial);
  }

  /** Closes the files, and removes them unless they are committed or resumable. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.isResumable) await removePartial(this.names, this.#partial.files);
    await this.#partial.lock[Symbol.asyncDispose]();
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#hashPool[Symbol.asyncDispose]();
    this.#partial.journal.close();
    await this.#partial.files.close();
  }
}

function replaced(path: string): AirgapError {
  return new AirgapError('DISK', 'another process has replaced or removed the partial bundle', {
    where: { path },
    hint: 'Stop the other process, and run the command again.',
  });
}

/** A rename survives a power failure once its directory is synced. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(resolve(path)), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
