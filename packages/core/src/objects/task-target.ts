import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { blobDigest } from '../layout/documents.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { BlobWriter } from '../store/blob-writer.ts';
import { Ranges } from '../store/ranges.ts';
import type { PlannedEntry } from '../tar/plan.ts';
import type { TarTarget } from '../tar/target.ts';
import type { MultipartUpload, SentPart } from './multipart-upload.ts';
import type { UploadPart, UploadTask } from './upload-tasks.ts';

/** The bytes that wait for the connection to the store, for each part in transfer. */
const BUFFER = 1024 * 1024;

/** The upload of a part failed. It is no AirgapError: the next source of a blob would not help. */
export class PartFailure extends Error {
  constructor(cause: unknown) {
    super('the upload of a part failed', { cause });
  }
}

/** Where a retry starts: at the beginning of a part, which may be within a blob. Offsets are bytes of the tar. */
interface Checkpoint {
  readonly offset: number;
  /** The state of the hash of the blob at that offset. */
  readonly hash?: Hash | undefined;
}

/**
 * The parts of one task as the target of a tar, from the first byte of the task to the last. Bytes go straight to the
 * store. After a failure, {@link TaskTarget.resume} makes it ready to be written once more from the last part on.
 */
export class TaskTarget implements TarTarget {
  readonly order = 'sequential';
  readonly sent: SentPart[] = [];
  readonly #upload: MultipartUpload;
  readonly #client: S3Client;
  readonly #task: UploadTask;
  readonly #signal: AbortSignal;
  readonly #onPart: (part: UploadPart) => void;
  #checkpoint: Checkpoint;
  /** The offset of the next byte that is sent. */
  #position: number;
  #body: PartBody | undefined;

  constructor(
    upload: MultipartUpload,
    client: S3Client,
    task: UploadTask,
    {
      signal,
      onPart = () => {},
    }: { readonly signal: AbortSignal; readonly onPart?: (part: UploadPart) => void },
  ) {
    this.#upload = upload;
    this.#client = client;
    this.#task = task;
    this.#signal = signal;
    this.#onPart = onPart;
    this.#checkpoint = { offset: task.start };
    this.#position = task.start;
  }

  /** The offset from which on bytes are needed; those before it are in the store. */
  get needed(): number {
    return this.#checkpoint.offset;
  }

  /** Ends the part in transfer, and waits for the same bytes from {@link needed} on. */
  async resume(): Promise<void> {
    await this.#body?.abort();
    this.#body = undefined;
    this.#position = this.#checkpoint.offset;
  }

  /** Discards all parts, because a blob in them is wrong. */
  async restart(): Promise<void> {
    this.#checkpoint = { offset: this.#task.start };
    this.sent.length = 0;
    await this.resume();
  }

  /** Sends bytes, without those that are in the store. @throws PartFailure */
  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let rest = bytes.subarray(Math.max(0, this.#position - offset));
    while (rest.length > 0) {
      const piece = rest.subarray(0, this.#room());
      await this.#send(piece);
      rest = rest.subarray(piece.length);
    }
  }

  writer(entry: PlannedEntry): BlobWriter {
    const { offset, hash } = this.#checkpoint;
    const isWithin =
      this.#position === offset && offset > entry.offset && offset <= entry.offset + entry.size;
    return new TaskWriter(entry, {
      start: isWithin ? offset - entry.offset : 0,
      hash: isWithin && hash ? hash.copy() : createHash('sha256'),
      room: () => this.#room(),
      send: (bytes, current) => this.#send(bytes, current),
    });
  }

  /** Every part is complete once its last byte is sent. */
  async commit(): Promise<void> {}

  /** The number of bytes up to the end of the current part. */
  #room(): number {
    return this.#part().end - this.#position;
  }

  #part(): UploadPart {
    const part = this.#task.parts.find(({ end }) => this.#position < end);
    if (part) return part;
    throw new RangeError(`the task ends at ${this.#task.end}`);
  }

  /** @param bytes no more than the part has room for. @param hash of the blob that they belong to, with them */
  async #send(bytes: Uint8Array, hash?: Hash): Promise<void> {
    const part = this.#part();
    this.#body ??= new PartBody(this.#upload, this.#client, part, this.#signal);
    try {
      await this.#body.write(bytes);
      this.#position += bytes.length;
      if (this.#position === part.end) await this.#finish(part, this.#body, hash);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw new PartFailure(error);
    }
  }

  async #finish(part: UploadPart, body: PartBody, hash: Hash | undefined): Promise<void> {
    this.sent.push(await body.finish());
    this.#body = undefined;
    this.#checkpoint = { offset: part.end, hash: hash?.copy() };
    this.#onPart(part);
  }
}

interface TaskWriterOptions {
  /** The number of bytes of the blob that are in the store. */
  readonly start: number;
  /** The hash of these bytes. */
  readonly hash: Hash;
  readonly room: () => number;
  readonly send: (bytes: Uint8Array, hash: Hash) => Promise<void>;
}

/** Writes a blob into the parts of a task, in order. Its last bytes are sent only if its digest is right. */
class TaskWriter implements BlobWriter {
  readonly sequential = true;
  readonly #size: number;
  readonly #expected: Digest | undefined;
  readonly #options: TaskWriterOptions;
  #position: number;

  constructor({ name, size }: PlannedEntry, options: TaskWriterOptions) {
    this.#size = size;
    this.#expected = blobDigest(name);
    this.#options = options;
    this.#position = options.start;
  }

  get written(): Ranges {
    const written = new Ranges();
    written.add({ start: 0, end: this.#position });
    return written;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { hash, room, send } = this.#options;
    let rest = chunk;
    while (rest.length > 0) {
      const piece = rest.subarray(0, room());
      hash.update(piece);
      this.#position += piece.length;
      if (this.#position === this.#size && !(await this.#isRight())) return;
      await send(piece, hash);
      rest = rest.subarray(piece.length);
    }
  }

  async digest(): Promise<Digest> {
    return sha256Digest(this.#options.hash.copy().digest());
  }

  async #isRight(): Promise<boolean> {
    return this.#expected === undefined || (await this.digest()) === this.#expected;
  }
}

/** The body of one part while it is sent. */
class PartBody {
  readonly #stream = new PassThrough({ highWaterMark: BUFFER });
  readonly #stopper = new AbortController();
  readonly #md5: Hash | undefined;
  readonly #sending: Promise<SentPart>;
  /** Rejects when the request fails, however much of the body was sent. */
  readonly #failed: Promise<never>;

  constructor(upload: MultipartUpload, client: S3Client, part: UploadPart, signal: AbortSignal) {
    this.#md5 = upload.store.comparesMd5 ? createHash('md5') : undefined;
    this.#stream.on('error', () => {});
    this.#sending = upload.sendPart(client, part, this.#stream, {
      md5: () => this.#md5?.digest('hex'),
      signal: AbortSignal.any([signal, this.#stopper.signal]),
    });
    this.#failed = this.#sending.then(() => {
      throw new Error('the store answered before it had received the complete part');
    });
    this.#failed.catch(() => {});
  }

  /** Waits while the store is slower than the sources. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#md5?.update(bytes);
    // The sender may overwrite the chunk.
    if (this.#stream.write(Buffer.from(bytes))) return;
    await Promise.race([once(this.#stream, 'drain', { signal: this.#stopper.signal }), this.#failed]);
  }

  async finish(): Promise<SentPart> {
    this.#stream.end();
    return this.#sending;
  }

  /** Breaks the request off, so that the store does not have the part. */
  async abort(): Promise<void> {
    this.#stopper.abort();
    this.#stream.destroy();
    await this.#sending.catch(() => {});
  }
}
