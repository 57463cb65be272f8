import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { HashThreads } from '../content/hash-threads.ts';
import { AirgapError } from '../errors.ts';
import { checkSpace, diskError } from './disk.ts';
import { FileSink, writeAll } from './file-sink.ts';
import type { Layout } from './layout.ts';

/**
 * A bundle while it is being written: `PATH.partial`, at its full length from the start. The final name appears only
 * with {@link BundleFile.commit}; a bundle that is not committed leaves nothing.
 */
export class BundleFile implements AsyncDisposable {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #threads = new HashThreads();
  #open = true;
  #committed = false;

  private constructor(path: string, partial: string, file: FileHandle) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
  }

  /** Takes the space and writes every header. @throws AirgapError `DISK` */
  static async create(path: string, layout: Layout): Promise<BundleFile> {
    const partial = `${path}.partial`;
    await checkSpace(path, layout.size);
    const file = await open(partial, 'wx+', 0o644).catch(cause => {
      throw cause.code === 'EEXIST' ? taken(partial, cause) : diskError(cause, path);
    });
    const bundle = new BundleFile(path, partial, file);
    try {
      await file.truncate(layout.size);
      for (const { header, headerOffset } of layout.slots) writeAll(file.fd, header, headerOffset);
      return bundle;
    } catch (error) {
      await bundle[Symbol.asyncDispose]();
      throw diskError(error, path);
    }
  }

  /** A sink that writes from this offset on. */
  sink(offset: number): FileSink {
    return new FileSink(this.#file.fd, offset, this.#threads);
  }

  /** Writes bytes that are at hand. */
  write(bytes: Uint8Array, offset: number): void {
    writeAll(this.#file.fd, bytes, offset);
  }

  /** Syncs the bytes to the disk, then gives the file its final name. @throws AirgapError `DISK` */
  async commit(): Promise<void> {
    try {
      await this.#file.sync();
      await this.#close();
      await rename(this.#partial, this.#path);
      this.#committed = true;
      await syncFolder(this.#path);
    } catch (error) {
      throw diskError(error, this.#path);
    }
  }

  /** Closes the file, and removes it unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    if (!this.#committed) await rm(this.#partial, { force: true });
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#threads[Symbol.asyncDispose]();
    await this.#file.close();
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

function taken(partial: string, cause: unknown): AirgapError {
  return new AirgapError('DISK', 'another build is writing this bundle, or one was killed while it did', {
    where: { path: partial },
    cause,
    hint: `If no other build is running, remove ${partial}.`,
  });
}
