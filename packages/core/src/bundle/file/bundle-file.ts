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
 * with {@link BundleFile.commit}. What is not committed stays, with a journal, for the next build to go on from.
 */
export class BundleFile implements AsyncDisposable {
  readonly #path: string;
  readonly #paths: PartialPaths;
  readonly #entries: ReadonlyMap<PlannedEntry, number>;
  readonly #opened: OpenPartial;
  readonly #threads: HashPool;
  #isOpen = true;
  /** Blobs of which there are bytes that another build would have to fetch again. */
  readonly #kept: Set<number>;

  private constructor(path: string, { entries }: TarPlan, opened: OpenPartial, signal: AbortSignal) {
    this.#path = path;
    this.#paths = partialPaths(path);
    this.#entries = new Map(entries.map((entry, at) => [entry, at]));
    this.#opened = opened;
    this.#threads = new HashPool(signal);
    this.#kept = new Set(opened.written.keys());
  }

  /**
   * Takes the space and writes everything but the contents; what an interrupted build of the same plan has left is gone on with, and
   * that of another plan is set aside for its blobs.
   *
   * @throws AirgapError `DISK`, also while another build writes the same bundle
   */
  static async open(path: string, plan: TarPlan, signal: AbortSignal): Promise<BundleFile> {
    try {
      const opened = await openPartial(path, plan);
      writeHeaders(opened.file.fd, plan);
      return new BundleFile(path, plan, opened, signal);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** The bytes of a blob that an earlier build has left; none of them is verified yet. */
  existing(entry: PlannedEntry): Ranges {
    return this.#opened.written.get(this.#place(entry)) ?? new Ranges();
  }

  /** A sink for the blob of a entry. @param existing what is there of it already */
  sink(entry: PlannedEntry, existing: Ranges): FileSink {
    const { file, journal } = this.#opened;
    const place = this.#place(entry);
    const onWritten = (range: Range) => {
      this.#kept.add(place);
      journal.note(place, range);
    };
    return new FileSink({ fd: file.fd, offset: entry.offset, threads: this.#threads, existing, onWritten });
  }

  /** What was written of a blob is wrong. */
  forget(entry: PlannedEntry): void {
    this.#kept.delete(this.#place(entry));
    this.#opened.journal.forget(this.#place(entry));
  }

  /** Writes bytes that are at hand. */
  write(bytes: Uint8Array, offset: number): void {
    writeAll(this.#opened.file.fd, bytes, offset);
  }

  /** Whether anything stays when this is not committed. */
  get isWorthKeeping(): boolean {
    return this.#kept.size > 0;
  }

  /** Leaves nothing behind: for a disk that needs the space. */
  discard(): void {
    this.#kept.clear();
  }

  /** Syncs the bytes to the disk, then gives the file its final name. @throws AirgapError `DISK` */
  async commit(): Promise<void> {
    try {
      await this.#opened.file.sync();
      await this.#close();
      await rename(this.#paths.partial, this.#path);
      await syncFolder(this.#path);
      this.discard();
      await removePartial(this.#path);
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  /** Closes the file, and removes it unless it was committed or is of use to the next build. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.isWorthKeeping) await removePartial(this.#path);
    await this.#opened.lock[Symbol.asyncDispose]();
  }

  #place(entry: PlannedEntry): number {
    return this.#entries.get(entry) ?? -1;
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#threads[Symbol.asyncDispose]();
    this.#opened.journal.close();
    await this.#opened.file.close();
  }
}

/** A rename is safe from a power cut once its folder is on the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(resolve(path)), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
