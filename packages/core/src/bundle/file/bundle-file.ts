import { open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HashThreads } from '../../store/hash-pool.ts';
import { type Range, Ranges } from '../../store/ranges.ts';
import { writeAll } from '../../fs/write-all.js';
import { diskError } from './disk.ts';
import { FileSink } from './file-sink.ts';
import { writeFrame } from '../../tar/framing.ts';
import type { Layout, Slot } from '../../tar/plan.ts';
import { type Opened, openPartial, type PartialPaths, partialPaths, removePartial } from './partial-file.ts';

/**
 * A bundle while it is being written: `PATH.partial`, at its full length from the start. The final name appears only
 * with {@link BundleFile.commit}. What is not committed stays, with a journal, for the next build to go on from.
 */
export class BundleFile implements AsyncDisposable {
  readonly #path: string;
  readonly #paths: PartialPaths;
  readonly #slots: ReadonlyMap<Slot, number>;
  readonly #opened: Opened;
  readonly #threads: HashThreads;
  #isOpen = true;
  /** Blobs of which there are bytes that another build would have to fetch again. */
  readonly #kept: Set<number>;

  private constructor(path: string, { slots }: Layout, opened: Opened, signal: AbortSignal) {
    this.#path = path;
    this.#paths = partialPaths(path);
    this.#slots = new Map(slots.map((slot, at) => [slot, at]));
    this.#opened = opened;
    this.#threads = new HashThreads(signal);
    this.#kept = new Set(opened.written.keys());
  }

  /**
   * Takes the space and writes everything but the contents; what an interrupted build of the same plan has left is gone on with, and
   * that of another plan is set aside for its blobs.
   *
   * @throws AirgapError `DISK`, also while another build writes the same bundle
   */
  static async open(path: string, layout: Layout, signal: AbortSignal): Promise<BundleFile> {
    try {
      const opened = await openPartial(path, layout);
      writeFrame(opened.file.fd, layout);
      return new BundleFile(path, layout, opened, signal);
    } catch (error) {
      throw diskError(error, path);
    }
  }

  /** The bytes of a blob that an earlier build has left; none of them is verified yet. */
  had(slot: Slot): Ranges {
    return this.#opened.written.get(this.#place(slot)) ?? new Ranges();
  }

  /** A sink for the blob of a slot. @param had what is there of it already */
  sink(slot: Slot, had: Ranges): FileSink {
    const { file, journal } = this.#opened;
    const place = this.#place(slot);
    const onWritten = (range: Range) => {
      this.#kept.add(place);
      journal.note(place, range);
    };
    return new FileSink({ fd: file.fd, offset: slot.offset, threads: this.#threads, had, onWritten });
  }

  /** What was written of a blob is wrong. */
  forget(slot: Slot): void {
    this.#kept.delete(this.#place(slot));
    this.#opened.journal.forget(this.#place(slot));
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

  #place(slot: Slot): number {
    return this.#slots.get(slot) ?? -1;
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
