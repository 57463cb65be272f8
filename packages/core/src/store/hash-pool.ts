import { availableParallelism } from 'node:os';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { FilePart } from './blob-writer.ts';
import { startHashWorker } from './start-hash-worker.ts';

/** What a thread is told: hash these bytes of a file, after those of the same id that came before. */
export interface HashRequest {
  readonly id: number;
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  /** Where the bytes are to be copied from first; the file may end before. */
  readonly from?: Pick<FilePart, 'fd' | 'offset'>;
  /** Whether the digest is wanted now. */
  readonly last: boolean;
  /** Whether to tell how it goes. */
  readonly reportProgress: boolean;
}

/** What a thread says: so many bytes more are hashed, or the end of one id. */
export type HashResult =
  | { readonly id: number; readonly hashed: number }
  | { readonly id: number; readonly digest: Uint8Array }
  | { readonly id: number; readonly error: SystemError };

type SystemError = Pick<NodeJS.ErrnoException, 'message' | 'code' | 'syscall'>;

const MAX_THREADS = 4;

/**
 * Threads that compute the sha256 of parts of files, beside the one that moves bytes. They read what was written
 * back from the page cache: that costs less than handing the bytes over, checks what is in the file rather than
 * what went by, and works as well for bytes that arrive in several ranges or were there before.
 */
export class HashPool implements AsyncDisposable {
  readonly #workers: HashWorker[] = [];
  /** Threads that work at once, at most. */
  readonly max = Math.min(MAX_THREADS, availableParallelism());
  readonly #signal: AbortSignal | undefined;
  #lastId = 0;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Starts a digest on the thread that has the least to do.
   *
   * @param onHashed is told how many bytes more are hashed
   */
  start(fd: number, onHashed?: (bytes: number) => void): FileHash {
    this.#lastId += 1;
    return new FileHash(this.#worker(), this.#lastId, fd, onHashed);
  }

  /** Stops every thread. Digests that are under way are not answered any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(thread => thread.stop()));
  }

  #worker(): HashWorker {
    const idlest = this.#workers.reduce<HashWorker | undefined>(
      (best, thread) => (best && best.load <= thread.load ? best : thread),
      undefined,
    );
    if (idlest && (idlest.load === 0 || this.#workers.length >= this.max)) return idlest;
    const thread = new HashWorker(this.#signal);
    this.#workers.push(thread);
    return thread;
  }
}

/** The digest of a part of a file, computed while that part is still growing. */
export class FileHash {
  readonly #worker: HashWorker;
  readonly #id: number;
  readonly #fd: number;
  readonly #reportProgress: boolean;
  readonly #digest: Promise<Digest>;

  constructor(thread: HashWorker, id: number, fd: number, onHashed?: (bytes: number) => void) {
    this.#worker = thread;
    this.#id = id;
    this.#fd = fd;
    this.#reportProgress = onHashed !== undefined;
    this.#digest = thread.expect(id, onHashed);
    this.#digest.catch(() => {});
  }

  /** Adds bytes that are in the file by now; they follow those that were added before. */
  extend(offset: number, length: number): void {
    this.#request({ offset, length, last: false });
  }

  /** Adds the last bytes. @returns the digest of all that was added; rejects when the file cannot be read */
  digest(offset: number, length: number): Promise<Digest> {
    this.#request({ offset, length, last: true });
    return this.#digest;
  }

  /**
   * Copies bytes into the file, as far as the other file has them, and reads each once for it.
   *
   * @returns the digest of what there was to copy; rejects when a file cannot be read or written
   */
  copy({ size, ...from }: FilePart, offset: number): Promise<Digest> {
    this.#request({ offset, length: size, last: true, from });
    return this.#digest;
  }

  #request(order: Omit<HashRequest, 'id' | 'fd' | 'reportProgress'>): void {
    this.#worker.request({ ...order, id: this.#id, fd: this.#fd, reportProgress: this.#reportProgress });
  }
}

interface Expected {
  readonly onHashed: ((bytes: number) => void) | undefined;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: unknown) => void;
}

class HashWorker {
  readonly #worker = startHashWorker();
  readonly #expected = new Map<number, Expected>();

  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.#fail(this.#signal?.reason);

  constructor(signal: AbortSignal | undefined) {
    this.#worker.on('message', (answer: HashResult) => this.#onMessage(answer));
    this.#worker.on('error', error => this.#fail(error));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Digests under way. */
  get load(): number {
    return this.#expected.size;
  }

  expect(id: number, onHashed?: (bytes: number) => void): Promise<Digest> {
    return new Promise((resolve, reject) => {
      if (this.#signal?.aborted) return reject(this.#signal.reason);
      this.#expected.set(id, { onHashed, resolve, reject });
    });
  }

  request(order: HashRequest): void {
    this.#worker.postMessage(order);
  }

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#worker.terminate();
  }

  #onMessage(answer: HashResult): void {
    const expected = this.#expected.get(answer.id);
    if ('hashed' in answer) {
      expected?.onHashed?.(answer.hashed);
      return;
    }
    this.#expected.delete(answer.id);
    if ('digest' in answer) expected?.resolve(sha256Digest(answer.digest));
    else expected?.reject(Object.assign(new Error(answer.error.message), answer.error));
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#expected.values()) reject(error);
    this.#expected.clear();
  }
}
