import { open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isFileAt } from '../../fs/file-identity.ts';
import { assertWritten } from '../../fs/read-back.ts';
import { writeAll } from '../../fs/write-all.js';
import { AirgapError } from '../../model/errors.ts';
import { HashPool } from '../../store/hash-pool.ts';
import { Ranges } from '../../store/ranges.ts';
import type { PlannedEntry, TarPlan } from '../../tar/plan.ts';
import type { TarTarget } from '../../tar/target.ts';
import { diskError } from './disk.ts';
import { FileSink } from './file-sink.ts';
import {
  type OpenPartial,
  openPartial,
  type PartialPaths,
  partialPaths,
  removePartial,
} from './partial-file.ts';

/**
 * A bundle while it is being written: `PATH.partial`, at its full length from the start. The final name appears only
 * with {@link BundleFile.commit}. Without a commit, the partial file and its journal stay, for the next build to resume.
 */
export class BundleFile implements TarTarget, AsyncDisposable {
  readonly order = 'any';
  readonly #path: string;
  readonly #paths: PartialPaths;
  readonly #indexes: ReadonlyMap<PlannedEntry, number>;
  readonly #partial: OpenPartial;
  readonly #hashPool: HashPool;
  #isOpen = true;
  /** The indexes of the blobs with bytes that the next build need not fetch. */
  readonly #resumable: Set<number>;

  private constructor(path: string, { entries }: TarPlan, partial: OpenPartial, signal: AbortSignal) {
    this.#path = path;
    this.#paths = partialPaths(path);
    this.#indexes = new Map(entries.map((entry, index) => [entry, index]));
    this.#partial = partial;
    this.#hashPool = new HashPool(signal);
    this.#resumable = new Set(partial.written.keys());
  }

  /**
   * Allocates the file. It resumes the partial file of an interrupted build with
   * the same plan, and keeps that of a different plan as a source of blobs.
   *
   * @throws AirgapError `DISK`, also while another build writes the same bundle
   */
  static async open(path: string, plan: TarPlan, signal: AbortSignal): Promise<BundleFile> {
    try {
      const partial = await openPartial(path, plan);
      return new BundleFile(path, plan, partial, signal);
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
    const { file, journal, written } = this.#partial;
    const index = this.#indexes.get(entry) ?? -1;
    return new FileSink({
      fd: file.fd,
      offset: entry.offset,
      hashPool: this.#hashPool,
      existing: written.get(index) ?? new Ranges(),
      onWritten: range => {
        this.#resumable.add(index);
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
    const { fd } = this.#partial.file;
    writeAll(fd, bytes, offset);
    assertWritten(fd, bytes, offset);
  }

  /** Whether the next build can resume this one if it is not committed. */
  get isResumable(): boolean {
    return this.#resumable.size > 0;
  }

  /** Removes the partial file on close, to free the disk space. */
  discard(): void {
    this.#resumable.clear();
  }

  /**
   * Syncs the file to the disk, then renames it to its final name.
   *
   * @throws AirgapError `DISK`, also when another process has replaced the file
   */
  async commit(): Promise<void> {
    try {
      await this.#partial.file.sync();
      await this.#rename();
      await syncDirectory(this.#path);
      await this.#close();
      this.discard();
      await removePartial(this.#path, this.#partial.identity);
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  /** Renames exactly the file that was written, and nothing that has taken its name meanwhile. */
  async #rename(): Promise<void> {
    const { partial } = this.#paths;
    const { identity } = this.#partial;
    if (!(await isFileAt(partial, identity))) throw replaced(partial);
    await rename(partial, this.#path);
    if (await isFileAt(this.#path, identity)) return;
    // Another process was faster: what it wrote must not keep the final name.
    await rename(this.#path, partial);
    throw replaced(partial);
  }

  /** Closes the file, and removes it unless it is committed or resumable. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.isResumable) await removePartial(this.#path, this.#partial.identity);
    await this.#partial.lock[Symbol.asyncDispose]();
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#hashPool[Symbol.asyncDispose]();
    this.#partial.journal.close();
    await this.#partial.file.close();
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
