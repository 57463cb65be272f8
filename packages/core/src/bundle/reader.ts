import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fileReadError } from '../fs/file-read-error.ts';
import { DocumentReader } from '../layout/document-reader.ts';
import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { HashPool } from '../store/hash-pool.ts';
import { type PlacedEntry, walkTar } from '../tar/walk.ts';
import { unexpectedReason } from './unexpected-entry.ts';

const WORDING = { noun: 'bundle', hint: 'Fetch the bundle again, or rebuild it.' };

/** Reads a bundle in place, at the offsets that its headers specify. */
export class BundleReader extends DocumentReader<PlacedEntry> {
  /** The size of the file, in bytes. */
  readonly size: number;
  readonly #file: FileHandle;
  /** In ms since 1970. */
  readonly #modified: number;

  private constructor(path: string, file: FileHandle, { size, mtimeMs }: Stats) {
    super(path, WORDING);
    this.size = size;
    this.#file = file;
    this.#modified = mtimeMs;
  }

  /** @throws AirgapError `INPUT` when the file does not exist or is not a regular file */
  static async open(path: string): Promise<BundleReader> {
    const failed = (cause: unknown) => {
      throw fileReadError('the bundle', path, cause);
    };
    // Opening a pipe would block until a writer opens it.
    if ((await stat(path).catch(failed)).isFile()) {
      const file = await open(path, 'r').catch(failed);
      return new BundleReader(path, file, await file.stat());
    }
    throw new AirgapError('INPUT', 'the bundle is not a regular file', {
      where: { path },
      hint: 'Pass the .tar that airgap build wrote.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  /** All entries, in order. See {@link walkTar}. */
  walk(): AsyncGenerator<PlacedEntry, number> {
    return walkTar(this.#file, this.path, this.size);
  }

  /** All entries by name. @throws AirgapError `BUNDLE` for an unexpected entry */
  async entries(): Promise<Map<string, PlacedEntry>> {
    const entries = new Map<string, PlacedEntry>();
    for await (const entry of this.walk()) {
      const reason = unexpectedReason(entry, entries);
      if (reason) throw this.invalid(`${reason}: ${entry.name} (at byte ${entry.headerOffset})`);
      entries.set(entry.name, entry);
    }
    return entries;
  }

  /**
   * Computes the digest of an entry's content on a worker thread.
   *
   * @param onHashed receives the number of bytes hashed since its last call
   */
  digest(
    { offset, size }: PlacedEntry,
    hashPool: HashPool,
    onHashed?: (bytes: number) => void,
  ): Promise<Digest> {
    return hashPool.start(this.#file.fd, onHashed).digest(offset, size);
  }

  /** Reads bytes of the file. @throws AirgapError `BUNDLE` when the file ends early */
  async bytes(offset: number, size: number): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    await this.readFully(bytes, offset);
    return bytes;
  }

  /** Fills a buffer with bytes of the file. @throws AirgapError `BUNDLE` when the file ends early */
  async readFully(buffer: Buffer, offset: number): Promise<void> {
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    if (bytesRead < buffer.length) throw this.invalid(`the file ends at byte ${offset + bytesRead}`);
  }

  /** Whether the file is unmodified since it was opened; a new file at the same path does not count. */
  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#file.stat();
    return size === this.size && mtimeMs === this.#modified;
  }

  protected content({ offset, size }: PlacedEntry): Promise<Buffer> {
    return this.bytes(offset, size);
  }
}
