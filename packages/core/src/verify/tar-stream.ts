import { createHash, type Hash } from 'node:crypto';
import { RECIPE } from '../layout/delta-recipe.ts';
import { blobDigest, DOCUMENTS } from '../layout/documents.ts';
import type { LayoutEntry, LayoutFiles } from '../layout/layout-files.ts';
import { ContentsReader, layoutName, type TarContents } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { MAX_CONFIG_SIZE } from '../oci/config.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { OnEvent } from '../store/events.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { checkSize, ExtendedHeaders, isExtension } from '../tar/extended-headers.ts';
import { BLOCK, isCanonical, padded, TRAILER_SIZE } from '../tar/header.ts';
import { decodeAt, type PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** The limit of documents, manifests and configs that are kept in memory, in bytes: enough for 50,000 images. */
const MAX_KEPT = 512 * 1024 * 1024;

/** A tar that was read once, from the first byte to the last. */
export interface ReadTar {
  readonly files: StreamedFiles;
  /** The sha256 of every blob, by the name of its entry. */
  readonly digests: ReadonlyMap<string, Digest>;
  /** The sha256 of the complete tar, if it was requested. */
  readonly fileDigest: Digest | undefined;
}

/**
 * Reads a tar from a stream, once: hashes every blob, and keeps what is JSON.
 *
 * @param location of the stream, for errors
 * @param needsDigest whether to compute the sha256 of the complete tar as well
 * @param onEvent receives the progress of every blob
 * @throws AirgapError `BUNDLE` for a stream that is not a tar, or ends early
 */
export async function readTar(
  stream: AsyncIterable<Uint8Array>,
  location: string,
  problems: Problem[],
  needsDigest = false,
  onEvent: OnEvent = () => {},
): Promise<ReadTar> {
  const fileHash = needsDigest ? createHash('sha256') : undefined;
  const reader = new TarStream(fileHash ? hashedStream(stream, fileHash) : stream, location, onEvent);
  const contents = new ContentsReader();
  const framing: Problem[] = [];
  const headers = new ExtendedHeaders();
  const kept = new Map<string, Buffer>();
  const digests = new Map<string, Digest>();
  let keptBytes = 0;
  for (;;) {
    const headerOffset = reader.offset;
    const header = await reader.take(BLOCK);
    const decoded = decodeAt(header, headerOffset);
    if (!decoded) break;
    const entry: PlacedEntry = { ...headers.apply(decoded), headerOffset, offset: reader.offset };
    if (isExtension(entry)) {
      checkSize(entry);
      headers.add(entry, await reader.take(entry.size));
      await reader.take(padded(entry.size) - entry.size);
      continue;
    }
    const unexpected = contents.add(entry);
    const place = { entry: entry.name, offset: headerOffset };
    if (unexpected) problems.push({ message: unexpected, ...place });
    const name = layoutName(entry.name);
    const { digest, json } = await reader.content({ name, size: entry.size });
    const padding = await reader.take(padded(entry.size) - entry.size);
    if (!isCanonical(header, entry)) framing.push({ message: 'non-canonical header', ...place });
    if (padding.some(byte => byte !== 0))
      framing.push({ message: 'non-zero bytes in the padding', ...place });
    if (blobDigest(name)) digests.set(name, digest);
    if (json) kept.set(name, json);
    keptBytes += json?.length ?? 0;
    if (keptBytes > MAX_KEPT)
      throw reader.invalid('too many manifests for a stream; verify the file instead');
  }
  headers.end();
  const tar = contents.contents();
  const isBuilt = tar.form !== 'archive';
  problems.push(...(isBuilt ? framing : []), ...(await reader.endProblems(isBuilt)));
  const files = new StreamedFiles(location, reader.offset, tar, kept);
  return { files, digests, fileDigest: fileHash && sha256Digest(fileHash.digest()) };
}

/** Hashes everything that goes by. */
async function* hashedStream(stream: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    requireBytes(chunk);
    hash.update(chunk);
    yield chunk;
  }
}

/** A stream with an encoding yields strings. @throws AirgapError `USAGE` */
function requireBytes(chunk: unknown): void {
  if (chunk instanceof Uint8Array) return;
  throw new AirgapError('USAGE', `verify: the stream must yield bytes, got a ${typeof chunk}`, {
    hint: 'Pass a stream without an encoding.',
  });
}

/** The files of a layout that went by; only what is JSON can be opened. */
export class StreamedFiles implements LayoutFiles {
  readonly form: LayoutFiles['form'];
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  readonly location: string;
  readonly size: number;
  readonly #kept: ReadonlyMap<string, Buffer>;

  constructor(
    location: string,
    size: number,
    { form, entries }: TarContents,
    kept: ReadonlyMap<string, Buffer>,
  ) {
    this.location = location;
    this.size = size;
    this.form = form;
    this.entries = entries;
    this.#kept = kept;
  }

  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const content = this.#kept.get(name);
    const { location } = this;
    if (!content) throw new AirgapError('BUNDLE', `${name} is not JSON`, { where: { path: location } });
    return new MemoryBytes(content, location);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Takes bytes off a stream in order. */
class TarStream {
  /** The number of bytes taken. */
  offset = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string;
  readonly #onEvent: OnEvent;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>, name: string, onEvent: OnEvent) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#name = name;
    this.#onEvent = onEvent;
  }

  /** The next bytes. @throws AirgapError `BUNDLE` when the stream ends before */
  async take(size: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.#parts(size)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** Hashes the content of an entry; returns it if it is a document, a manifest or a config. */
  async content({ name, size }: LayoutEntry): Promise<{ digest: Digest; json: Buffer | undefined }> {
    const hash = createHash('sha256');
    const parts: Uint8Array[] = [];
    let isJson = size <= MAX_CONFIG_SIZE || DOCUMENTS.includes(name) || name === RECIPE;
    let received = 0;
    const blob = blobDigest(name);
    if (blob) this.#onEvent({ type: 'blob-started', digest: blob, size, image: name });
    for await (const part of this.#parts(size)) {
      if (parts.length === 0) isJson &&= part[0] === 0x7b || part[0] === 0x5b;
      hash.update(part);
      if (isJson) parts.push(part);
      received += part.length;
      if (blob) this.#onEvent({ type: 'blob-progress', digest: blob, received, size });
    }
    if (blob) this.#onEvent({ type: 'blob-finished', digest: blob, size });
    return { digest: sha256Digest(hash.digest()), json: isJson ? Buffer.concat(parts) : undefined };
  }

  /**
   * Checks what follows the first empty block: one more.
   *
   * @param isBuilt whether nothing else may follow
   */
  async endProblems(isBuilt: boolean): Promise<Problem[]> {
    const offset = this.offset - BLOCK;
    const problems: Problem[] = [];
    let excess = BLOCK - TRAILER_SIZE;
    let isZero = true;
    for (let part = await this.#next(); part; part = await this.#next()) {
      isZero &&= excess > 0 || part.subarray(0, -excess).every(byte => byte === 0);
      excess += part.length;
    }
    if (excess < 0 && isBuilt)
      problems.push({ message: `the end-of-archive marker lacks ${-excess} bytes`, offset });
    if (!isZero) problems.push({ message: 'non-zero bytes in the end-of-archive marker', offset });
    if (excess > 0 && isBuilt)
      problems.push({
        message: `${excess} unexpected bytes after the end of the tar`,
        offset: offset + TRAILER_SIZE,
      });
    return problems;
  }

  invalid(reason: string): AirgapError {
    return new AirgapError('BUNDLE', `invalid or incomplete bundle: ${reason}`, {
      where: { path: this.#name },
      hint: 'Fetch the bundle again, or rebuild it.',
    });
  }

  async *#parts(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = (await this.#next()) ?? this.#rest;
      if (this.#rest.length === 0) throw this.invalid(`the stream ends at byte ${this.offset}`);
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      this.offset += part.length;
      left -= part.length;
      yield part;
    }
  }

  /** What is left of the last chunk, or the next one; undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = Buffer.alloc(0);
      return rest;
    }
    for (;;) {
      const step = await this.#chunks.next();
      if (step.done) return undefined;
      requireBytes(step.value);
      if (step.value.length > 0) return step.value;
    }
  }
}
