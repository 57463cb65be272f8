import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { FilePart } from './blob-writer.ts';

/** What a thread is told: hash these bytes of a file, after those of the same id that came before. */
export interface HashOrder {
  readonly id: number;
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  /** Where the bytes are to be copied from first; the file may end before. */
  readonly from?: Pick<FilePart, 'fd' | 'offset'>;
  /** Whether the digest is wanted now. */
  readonly last: boolean;
  /** Whether to tell how it goes. */
  readonly tell: boolean;
}

/** What a thread says: so many bytes more are hashed, or the end of one id. */
export type HashAnswer =
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
export class HashThreads implements AsyncDisposable {
  readonly #threads: HashThread[] = [];
  /** Threads that work at once, at most. */
  readonly most = Math.min(MAX_THREADS, availableParallelism());
  readonly #signal: AbortSignal | undefined;
  #last = 0;

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Starts a digest on the thread that has the least to do.
   *
   * @param onHashed is told how many bytes more are hashed
   */
  start(fd: number, onHashed?: (bytes: number) => void): FileHash {
    this.#last += 1;
    return new FileHash(this.#thread(), this.#last, fd, onHashed);
  }

  /** Stops every thread. Digests that are under way are not answered any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(thread => thread.stop()));
  }

  #thread(): HashThread {
    const idlest = this.#threads.reduce<HashThread | undefined>(
      (best, thread) => (best && best.load <= thread.load ? best : thread),
      undefined,
    );
    if (idlest && (idlest.load === 0 || this.#threads.length >= this.most)) return idlest;
    const thread = new HashThread(this.#signal);
    this.#threads.push(thread);
    return thread;
  }
}

/** The digest of a part of a file, computed while that part is still growing. */
export class FileHash {
  readonly #thread: HashThread;
  readonly #id: number;
  readonly #fd: number;
  readonly #tell: boolean;
  readonly #digest: Promise<Digest>;

  constructor(thread: HashThread, id: number, fd: number, onHashed?: (bytes: number) => void) {
    this.#thread = thread;
    this.#id = id;
    this.#fd = fd;
    this.#tell = onHashed !== undefined;
    this.#digest = thread.expect(id, onHashed);
    this.#digest.catch(() => {});
  }

  /** Adds bytes that are in the file by now; they follow those that were added before. */
  extend(offset: number, length: number): void {
    this.#order({ offset, length, last: false });
  }

  /** Adds the last bytes. @returns the digest of all that was added; rejects when the file cannot be read */
  digest(offset: number, length: number): Promise<Digest> {
    this.#order({ offset, length, last: true });
    return this.#digest;
  }

  /**
   * Copies bytes into the file, as far as the other file has them, and reads each once for it.
   *
   * @returns the digest of what there was to copy; rejects when a file cannot be read or written
   */
  copy({ size, ...from }: FilePart, offset: number): Promise<Digest> {
    this.#order({ offset, length: size, last: true, from });
    return this.#digest;
  }

  #order(order: Omit<HashOrder, 'id' | 'fd' | 'tell'>): void {
    this.#thread.order({ ...order, id: this.#id, fd: this.#fd, tell: this.#tell });
  }
}

interface Expected {
  readonly onHashed: ((bytes: number) => void) | undefined;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: unknown) => void;
}

class HashThread {
  readonly #worker = new Worker(new URL('./hash-worker.js', import.meta.url));
  readonly #expected = new Map<number, Expected>();

  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.#fail(this.#signal?.reason);

  constructor(signal: AbortSignal | undefined) {
    this.#worker.on('message', (answer: HashAnswer) => this.#hear(answer));
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

  order(order: HashOrder): void {
    this.#worker.postMessage(order);
  }

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#worker.terminate();
  }

  #hear(answer: HashAnswer): void {
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
