import { type FileHandle, open, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { fileReadError } from '../fs/file-read-error.ts';
import { directoryBlobs } from '../layout/directory-blobs.ts';
import { blobDigest } from '../layout/documents.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import type { Range } from '../store/ranges.ts';
import { walkTar } from '../tar/walk.ts';
import { readJournal } from './file/journal.ts';

/** In bytes. */
const READ_SIZE = 256 * 1024;

/** The location of a blob in a local file. */
interface BlobLocation {
  readonly path: string;
  /** In bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** Decides by index and size whether an entry of a tar is complete. */
type IsComplete = (index: number, size: number) => boolean;

/** Local blobs that need not be downloaded: from older bundles, layout directories and an interrupted build. */
export class LocalBlobCache implements AsyncDisposable {
  readonly #locations = new Map<Digest, BlobLocation>();
  readonly #files = new Map<string, Promise<FileHandle>>();
  /** Each copy occupies a core. */
  readonly #copyLimit = pLimit(availableParallelism());

  /** Adds a bundle or an OCI layout directory. @throws AirgapError `INPUT` when it cannot be read, `BUNDLE` */
  async add(path: string): Promise<void> {
    const stats = await stat(path).catch(cause => {
      throw fileReadError('the bundle to reuse', path, cause);
    });
    if (stats.isDirectory()) await this.#addLayout(path);
    else await this.#addTar(path);
  }

  /** Adds the partial bundle of an interrupted build: the blobs that are complete according to its journal. */
  async addPartial(path: string, journal: string): Promise<void> {
    const content = await readJournal(journal);
    const exists = await stat(path).catch(() => undefined);
    if (!content || !exists) return;
    const isComplete: IsComplete = (index, size) => content.written.get(index)?.gaps(size).length === 0;
    await this.#addTar(path, isComplete).catch(error => {
      // The build was killed before it had written all headers.
      if (!(error instanceof AirgapError)) throw error;
    });
  }

  /** Whether the cache contains a blob with the expected size. */
  has({ digest, size }: Descriptor): boolean {
    return this.#locations.get(digest)?.size === size;
  }

  /** Writes the requested ranges of a cached blob into a sink; fewer bytes if the file ends early. */
  async read({ digest }: Descriptor, sink: BlobWriter, requested: readonly Range[]): Promise<void> {
    const location = this.#locations.get(digest);
    if (!location) throw new RangeError(`${digest} is not in the cache`);
    const { path, offset, size } = location;
    const file = await this.#open(path);
    const [first] = requested;
    if (sink.copyFrom && first?.start === 0 && first.end === size)
      return this.#copyLimit(() => sink.copyFrom?.({ fd: file.fd, offset, size }));
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    for (const { start, end } of requested) {
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

  async #addTar(path: string, isComplete: IsComplete = () => true): Promise<void> {
    const file = await this.#open(path);
    let index = 0;
    for await (const { name, offset, size } of walkTar(file, path, (await file.stat()).size)) {
      const digest = blobDigest(name);
      if (digest && isComplete(index, size)) this.#locations.set(digest, { path, offset, size });
      index += 1;
    }
  }

  async #addLayout(folder: string): Promise<void> {
    for await (const { digest, path, size } of directoryBlobs(folder))
      this.#locations.set(digest, { path, offset: 0, size });
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
