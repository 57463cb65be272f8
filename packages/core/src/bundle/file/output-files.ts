import type { FileHandle } from 'node:fs/promises';
import { writeAll } from '../../fs/write-all.js';
import type { FilePart } from '../../store/blob-writer.ts';
import type { Range } from '../../store/ranges.ts';
import { splitRange } from '../../tar/parts.ts';

/** The open files that a tar is written to: one, or its parts. Offsets are bytes of the tar. */
export class OutputFiles {
  readonly #files: readonly FileHandle[];
  readonly #partSize: number;

  /** @param partSize in bytes; the size of the tar for a single file */
  constructor(files: readonly FileHandle[], partSize: number) {
    this.#files = files;
    this.#partSize = partSize;
  }

  /** The pieces of the files that hold a range, in order. An empty range is one empty piece. */
  pieces(range: Range): FilePart[] {
    return splitRange(range, this.#partSize).map(({ part, start, end }) => {
      return { fd: this.#files[part]?.fd ?? -1, offset: start, size: end - start };
    });
  }

  write(bytes: Uint8Array, offset: number): void {
    let at = 0;
    for (const { fd, offset: start, size } of this.pieces({ start: offset, end: offset + bytes.length })) {
      writeAll(fd, bytes.subarray(at, at + size), start);
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
