import type { FileHandle } from 'node:fs/promises';
import { type FileIdentity, identityOf, isFileAt } from '../../fs/file-identity.ts';
import { assertWritten } from '../../fs/read-back.ts';
import { writeAll } from '../../fs/write-all.js';
import type { FilePart } from '../../store/blob-writer.ts';
import type { Range } from '../../store/ranges.ts';
import { splitRange } from '../../tar/parts.ts';

/** The open files that a tar is written to: one, or its parts. Offsets are bytes of the tar. */
export class OutputFiles {
  readonly #files: readonly FileHandle[];
  /** Of each file, whatever has its name later. */
  readonly #identities: readonly FileIdentity[];
  readonly #partSize: number;

  private constructor(files: readonly FileHandle[], identities: readonly FileIdentity[], partSize: number) {
    this.#files = files;
    this.#identities = identities;
    this.#partSize = partSize;
  }

  /** @param partSize in bytes; the size of the tar for a single file */
  static async of(files: readonly FileHandle[], partSize: number): Promise<OutputFiles> {
    return new OutputFiles(files, await Promise.all(files.map(identityOf)), partSize);
  }

  /** Whether a path is the file with this index itself, and not another one that has taken its name. */
  async isAt(index: number, path: string): Promise<boolean> {
    const identity = this.#identities[index];
    return identity !== undefined && isFileAt(path, identity);
  }

  /** The pieces of the files that hold a range, in order. An empty range is one empty piece. */
  pieces(range: Range): FilePart[] {
    return splitRange(range, this.#partSize).map(({ part, start, end }) => {
      return { fd: this.#files[part]?.fd ?? -1, offset: start, size: end - start };
    });
  }

  /** Writes bytes, and compares them with what the files have then. @throws an `EIO` system error when they differ */
  write(bytes: Uint8Array, offset: number): void {
    let at = 0;
    for (const { fd, offset: start, size } of this.pieces({ start: offset, end: offset + bytes.length })) {
      const piece = bytes.subarray(at, at + size);
      writeAll(fd, piece, start);
      assertWritten(fd, piece, start);
      at += size;
    }
  }

  async sync(): Promise<void> {
    for (const file of this.#files) await file.sync();
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map(file => file.close()));
  }
}
