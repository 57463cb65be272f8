import { type FileHandle, open, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { fileReadError } from '../fs/file-read-error.ts';
import { directoryBlobs } from '../layout/directory-blobs.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { Range } from '../store/ranges.ts';
import { walkTar } from '../tar/walk.ts';
import { readJournal } from './file/journal.ts';

const READ_SIZE = 256 * 1024;
const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;

/** A blob's bytes in a file on this machine. */
interface Place {
  readonly path: string;
  /** Where the blob begins, in bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Blobs that need not be downloaded: those of older bundles, of layout directories, of an interrupted build. */
export class LocalBlobCache implements AsyncDisposable {
  readonly #places = new Map<Digest, Place>();
  readonly #files = new Map<string, Promise<FileHandle>>();
  /** More at once than there are cores to copy them would take turns. */
  readonly #copies = pLimit(availableParallelism());

  /** Adds a bundle or an OCI layout directory. @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` */
  async add(path: string): Promise<void> {
    const found = await stat(path).catch(cause => {
      throw fileReadError('the bundle to reuse', path, cause);
    });
    if (found.isDirectory()) await this.#addLayout(path);
    else await this.#addTar(path);
  }

  /** Adds what an interrupted build has left, as far as its journal says that it is whole. */
  async addPartial(path: string, journal: string): Promise<void> {
    const content = await readJournal(journal);
    const exists = await stat(path).catch(() => undefined);
    if (!content || !exists) return;
    const isWhole = (entry: number, size: number) => content.written.get(entry)?.gaps(size).length === 0;
    await this.#addTar(path, isWhole).catch(error => {
      // Killed before its headers were all there: it has nothing to give.
      if (!(error instanceof AirgapError)) throw error;
    });
  }

  /** Whether a blob is here, with the size that it should have. */
  has({ digest, size }: Descriptor): boolean {
    return this.#places.get(digest)?.size === size;
  }

  /** Sends the wanted bytes of a blob that is here. */
  async read({ digest }: Descriptor, sink: BlobWriter, wanted: readonly Range[]): Promise<void> {
    const place = this.#places.get(digest);
    if (!place) throw new RangeError(`${digest} is not here`);
    const file = await this.#open(place.path);
    const { offset, size } = place;
    const [first] = wanted;
    if (sink.copyFrom && first?.start === 0 && first.end === size)
      return this.#copies(() => sink.copyFrom?.({ fd: file.fd, offset, size }));
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    for (const { start, end } of wanted) {
      for (let at = start; at < end; ) {
        const length = Math.min(READ_SIZE, end - at);
        const { bytesRead } = await file.read(buffer, 0, length, offset + at);
        if (bytesRead === 0) return;
        await sink.write(buffer.subarray(0, bytesRead), at);
        at += bytesRead;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#files.values());
    for (const file of opened) if (file.status === 'fulfilled') await file.value.close();
  }

  async #addTar(path: string, isWhole: (entry: number, size: number) => boolean = () => true): Promise<void> {
    const file = await this.#open(path);
    let entry = 0;
    for await (const { name, offset, size } of walkTar(file, path, (await file.stat()).size)) {
      const digest = `sha256:${BLOB.exec(name)?.[1]}`;
      if (isDigest(digest) && isWhole(entry, size)) this.#places.set(digest, { path, offset, size });
      entry += 1;
    }
  }

  async #addLayout(folder: string): Promise<void> {
    for await (const { digest, path, size } of directoryBlobs(folder))
      this.#places.set(digest, { path, offset: 0, size });
  }

  #open(path: string): Promise<FileHandle> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = open(path, 'r').catch(cause => {
      throw fileReadError('the bundle to reuse', path, cause);
    });
    this.#files.set(path, file);
    return file;
  }
}
