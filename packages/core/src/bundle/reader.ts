import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileReadError } from '../fs/file-read-error.ts';
import { DocumentReader } from '../layout/document-reader.ts';
import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { HashPool } from '../store/hash-pool.ts';
import { type PlacedEntry, walkTar } from '../tar/walk.ts';
import { unexpectedReason } from './unexpected-entry.ts';

const WORDING = { noun: 'bundle', hint: 'Fetch the bundle again, or build it anew.' };

/** Reads a bundle in place, at the offsets that its headers say. */
export class BundleReader extends DocumentReader<PlacedEntry> {
  /** The file, in bytes. */
  readonly size: number;
  readonly #file: FileHandle;
  /** When it was last written, in ms since 1970. */
  readonly #written: number;

  private constructor(path: string, file: FileHandle, { size, mtimeMs }: Stats) {
    super(path, WORDING);
    this.size = size;
    this.#file = file;
    this.#written = mtimeMs;
  }

  /** @throws AirgapError `INPUT` when there is no such file */
  static async open(path: string): Promise<BundleReader> {
    const failed = (cause: unknown) => {
      throw fileReadError('the bundle', path, cause);
    };
    // To open a pipe is to wait for whoever writes to it.
    if ((await stat(path).catch(failed)).isFile()) {
      const file = await open(path, 'r').catch(failed);
      return new BundleReader(path, file, await file.stat());
    }
    throw new AirgapError('INPUT', 'the bundle is not a regular file', {
      where: { path },
      hint: 'Name the .tar that airgap build has written.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** Every entry, from header to header. See {@link walkTar}. */
  walk(): AsyncGenerator<PlacedEntry, number> {
    return walkTar(this.#file, this.path, this.size);
  }

  /** Every entry by its name. @throws AirgapError `BUNDLE` for one that does not belong there */
  async entries(): Promise<Map<string, PlacedEntry>> {
    const entries = new Map<string, PlacedEntry>();
    for await (const entry of this.walk()) {
      const foreign = unexpectedReason(entry, entries);
      if (foreign) throw this.damaged(`${foreign}: ${entry.name} (at byte ${entry.headerOffset})`);
      entries.set(entry.name, entry);
    }
    return entries;
  }

  /**
   * Computes the digest of one entry's bytes on another thread.
   *
   * @param onHashed is told how many bytes more are hashed
   */
  digest(
    { offset, size }: PlacedEntry,
    threads: HashPool,
    onHashed?: (bytes: number) => void,
  ): Promise<Digest> {
    return threads.start(this.#file.fd, onHashed).digest(offset, size);
  }

  /** Bytes of the file. @throws AirgapError `BUNDLE` when it ends before */
  async bytes(offset: number, size: number): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    await this.readFully(bytes, offset);
    return bytes;
  }

  /** Reads as many bytes of the file as the buffer holds. @throws AirgapError `BUNDLE` when it ends before */
  async readFully(buffer: Buffer, offset: number): Promise<void> {
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    if (bytesRead < buffer.length) throw this.damaged(`it ends at byte ${offset + bytesRead}`);
  }

  /** Whether nobody has written into the file since it was opened; a new file of the same name does not count. */
  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#file.stat();
    return size === this.size && mtimeMs === this.#written;
  }

  protected content({ offset, size }: PlacedEntry): Promise<Buffer> {
    return this.bytes(offset, size);
  }
}
