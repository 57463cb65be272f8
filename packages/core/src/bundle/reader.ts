import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { HashThreads } from '../content/hash-threads.ts';
import { verifyBytes } from '../content/verifier.ts';
import { AirgapError } from '../errors.ts';
import { type Descriptor, descriptorSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { unreadable } from '../unreadable.ts';
import { blobPath } from './documents.ts';
import { foreignReason } from './foreign-entry.ts';
import { NAME_ANNOTATIONS } from './names.ts';
import { type PlacedEntry, walkTar } from './tar-walk.ts';

/** The most that is read of a document at the top of the bundle: room for 100,000 names. */
const MAX_DOCUMENT_SIZE = 64 * 1024 * 1024;

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MediaType.ociIndex).optional(),
  manifests: z.array(descriptorSchema),
});

/** A name in a bundle's `index.json`. */
export interface NamedDescriptor {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** Reads a bundle in place, at the offsets that its headers say. */
export class BundleReader implements AsyncDisposable {
  readonly path: string;
  /** The file, in bytes. */
  readonly size: number;
  readonly #file: FileHandle;
  /** When it was last written, in ms since 1970. */
  readonly #written: number;

  private constructor(path: string, file: FileHandle, { size, mtimeMs }: Stats) {
    this.path = path;
    this.size = size;
    this.#file = file;
    this.#written = mtimeMs;
  }

  /** @throws AirgapError `INPUT` when there is no such file */
  static async open(path: string): Promise<BundleReader> {
    const failed = (cause: unknown) => {
      throw unreadable('the bundle', path, cause);
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
      const foreign = foreignReason(entry, entries);
      if (foreign) throw this.#damaged(`${foreign}: ${entry.name} (at byte ${entry.headerOffset})`);
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
    threads: HashThreads,
    onHashed?: (bytes: number) => void,
  ): Promise<Digest> {
    return threads.start(this.#file.fd, onHashed).digest(offset, size);
  }

  /** The names in `index.json`. @throws AirgapError `BUNDLE` */
  async names(entries: ReadonlyMap<string, PlacedEntry>): Promise<NamedDescriptor[]> {
    const document = await this.document(entries, 'index.json');
    const result = indexSchema.safeParse(document);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw this.#damaged(
        `index.json breaks the image specification: ${issue?.path.join('.')}: ${issue?.message}`,
      );
    }
    return result.data.manifests.map(descriptor => ({ descriptor, name: nameOf(descriptor) }));
  }

  /** One of the JSON documents at the top. @throws AirgapError `BUNDLE` */
  async document(entries: ReadonlyMap<string, PlacedEntry>, name: string): Promise<unknown> {
    const entry = entries.get(name);
    if (!entry)
      throw this.#damaged(`there is no ${name}`, 'It is no bundle, or one that was not written whole.');
    if (entry.size > MAX_DOCUMENT_SIZE)
      throw this.#damaged(`${name} is larger than ${MAX_DOCUMENT_SIZE} bytes`);
    try {
      const document = JSON.parse((await this.bytes(entry.offset, entry.size)).toString('utf8'));
      // What is nested too deep to be written again throws here.
      JSON.stringify(document);
      return document;
    } catch (cause) {
      throw cause instanceof AirgapError ? cause : this.#damaged(`${name} is not JSON`);
    }
  }

  /** A manifest's bytes, verified. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async manifest(entries: ReadonlyMap<string, PlacedEntry>, descriptor: Descriptor): Promise<RawManifest> {
    const bytes = await this.blob(entries, descriptor);
    return rawManifest(bytes, descriptor.mediaType);
  }

  /** A small blob's bytes, verified. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
  async blob(entries: ReadonlyMap<string, PlacedEntry>, descriptor: Descriptor): Promise<Buffer> {
    const entry = entries.get(blobPath(descriptor));
    if (!entry) throw this.#damaged('a blob is missing', undefined, descriptor.digest);
    if (entry.size > MAX_MANIFEST_SIZE)
      throw this.#damaged('a manifest is too large', undefined, descriptor.digest);
    const bytes = await this.bytes(entry.offset, entry.size);
    verifyBytes(bytes, descriptor, { path: this.path });
    return bytes;
  }

  /** Bytes of the file. @throws AirgapError `BUNDLE` when it ends before */
  async bytes(offset: number, size: number): Promise<Buffer> {
    const bytes = Buffer.alloc(size);
    await this.fill(bytes, offset);
    return bytes;
  }

  /** Reads as many bytes of the file as the buffer holds. @throws AirgapError `BUNDLE` when it ends before */
  async fill(buffer: Buffer, offset: number): Promise<void> {
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, offset);
    if (bytesRead < buffer.length) throw this.#damaged(`it ends at byte ${offset + bytesRead}`);
  }

  /** Whether nobody has written into the file since it was opened; a new file of the same name does not count. */
  async isUnchanged(): Promise<boolean> {
    const { size, mtimeMs } = await this.#file.stat();
    return size === this.size && mtimeMs === this.#written;
  }

  #damaged(reason: string, hint = 'Fetch the bundle again, or build it anew.', digest?: Digest): AirgapError {
    return new AirgapError('BUNDLE', `not a whole bundle: ${reason}`, {
      where: { path: this.path, ...(digest ? { digest } : {}) },
      hint,
    });
  }
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  for (const key of NAME_ANNOTATIONS) if (annotations[key]) return annotations[key];
  return undefined;
}
