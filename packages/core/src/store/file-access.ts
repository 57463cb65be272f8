import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileReadError } from '../fs/file-read-error.ts';
import { systemErrorReason } from '../fs/system-error.ts';
import { AirgapError } from '../model/errors.ts';
import type { FilePart } from './blob-writer.ts';
import type { RandomAccess } from './random-access.ts';
import type { Range } from './ranges.ts';

/** A local file that is open for reading. */
export class FileAccess implements RandomAccess {
  readonly location: string;
  readonly size: number;
  readonly #file: FileHandle;
  /** In ms since 1970. */
  readonly #modified: number;

  private constructor(path: string, file: FileHandle, { size, mtimeMs }: Stats) {
    this.location = path;
    this.size = size;
    this.#file = file;
    this.#modified = mtimeMs;
  }

  /**
   * Opens a regular file.
   *
   * @param what names the file for the user, for example `the bundle`
   * @throws AirgapError `INPUT` when it cannot be read or is not a regular file
   */
  static async open(path: string, what: string): Promise<FileAccess> {
    const failed = (cause: unknown) => {
      throw fileReadError(what, path, cause);
    };
    // Opening a pipe would block until a writer opens it.
    if (!(await stat(path).catch(failed)).isFile()) throw notRegular(path, what);
    const file = await open(path, 'r').catch(failed);
    return new FileAccess(path, file, await file.stat());
  }

  /**
   * Takes over an open file.
   *
   * @param location what it is, for errors
   */
  static async of(file: FileHandle, location: string): Promise<FileAccess> {
    return new FileAccess(location, file, await file.stat());
  }

  async read(buffer: Uint8Array, at: number): Promise<number> {
    try {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, at);
      return bytesRead;
    } catch (cause) {
      throw readError(cause, this.location);
    }
  }

  files({ start, end }: Range): readonly FilePart[] {
    return [{ fd: this.#file.fd, offset: start, size: end - start }];
  }

  /** A new file at the same path does not count. */
  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#file.stat();
    return size === this.size && mtimeMs === this.#modified;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** The error for a file that was opened, and cannot be read: a faulty disk, or one that is gone. */
export function readError(cause: unknown, path: string): AirgapError {
  const reason = systemErrorReason(cause as NodeJS.ErrnoException);
  return new AirgapError('DISK', `cannot read the file: ${reason}`, {
    where: { path },
    cause,
    hint: 'Check the disk, and copy the file again.',
  });
}

function notRegular(path: string, what: string): AirgapError {
  return new AirgapError('INPUT', `${what} is not a regular file`, {
    where: { path },
    hint: 'Pass the .tar that airgap build wrote.',
  });
}
