import { open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeAll } from '../../fs/write-all.js';
import { HashPool } from '../../store/hash-pool.ts';
import { type Range, Ranges } from '../../store/ranges.ts';
import { writeHeaders } from '../../tar/framing.ts';
import type { PlannedEntry, TarPlan } from '../../tar/plan.ts';
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
export class BundleFile implements AsyncDisposable {
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
   * Allocates the file and writes everything but the contents. It resumes the partial file of an interrupted build with
   * the same plan, and keeps that of a different plan as a source of blobs.
   *
   * @throws AirgapError `DISK`, also while another build writes the same bundle
   */
  static async open(path: string, plan: TarPlan, signal: AbortSignal): Promise<BundleFile> {
    try {
      const partial = await openPartial(path, plan);
      writeHeaders(partial.file.fd, plan);
      return new BundleFile(path, plan, partial, signal);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** The bytes of a blob that an interrupted build wrote; they are not verified yet. */
  existing(entry: PlannedEntry): Ranges {
    return this.#partial.written.get(this.#index(entry)) ?? new Ranges();
  }

  /** Opens a sink for the blob of an entry. @param existing the bytes that are already written */
  sink(entry: PlannedEntry, existing: Ranges): FileSink {
    const { file, journal } = this.#partial;
    const index = this.#index(entry);
    const onWritten = (range: Range) => {
      this.#resumable.add(index);
      journal.note(index, range);
    };
    return new FileSink({ fd: file.fd, offset: entry.offset, hashPool: this.#hashPool, existing, onWritten });
  }

  /** Discards the written bytes of a blob, because they are wrong. */
  forget(entry: PlannedEntry): void {
    this.#resumable.delete(this.#index(entry));
    this.#partial.journal.forget(this.#index(entry));
  }

  /** Writes bytes at an offset. */
  write(bytes: Uint8Array, offset: number): void {
    writeAll(this.#partial.file.fd, bytes, offset);
  }

  /** Whether the next build can resume this one if it is not committed. */
  get isResumable(): boolean {
    return this.#resumable.size > 0;
  }

  /** Removes the partial file on close, to free the disk space. */
  discard(): void {
    this.#resumable.clear();
  }

  /** Syncs the file to the disk, then renames it to its final name. @throws AirgapError `DISK` */
  async commit(): Promise<void> {
    try {
      await this.#partial.file.sync();
      await this.#close();
      await rename(this.#paths.partial, this.#path);
      await syncDirectory(this.#path);
      this.discard();
      await removePartial(this.#path);
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  /** Closes the file, and removes it unless it is committed or resumable. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.isResumable) await removePartial(this.#path);
    await this.#partial.lock[Symbol.asyncDispose]();
  }

  #index(entry: PlannedEntry): number {
    return this.#indexes.get(entry) ?? -1;
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#hashPool[Symbol.asyncDispose]();
    this.#partial.journal.close();
    await this.#partial.file.close();
  }
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
