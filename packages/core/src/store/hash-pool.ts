import { availableParallelism } from 'node:os';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { FilePart } from './blob-writer.ts';
import type { Range } from './ranges.ts';
import { startHashWorker } from './start-hash-worker.ts';

/** A request to a worker: hash these bytes of a file or of memory, after those of earlier requests with the same id. */
export interface HashRequest {
  readonly id: number;
  /** Not used for bytes in memory. */
  readonly fd: number;
  /** The memory that holds the bytes; they must not change until the worker has reported them. */
  readonly memory?: SharedArrayBuffer;
  /** In bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
  /** The file to copy the bytes from first; it may end early. */
  readonly from?: Pick<FilePart, 'fd' | 'offset'>;
  /** Whether this request ends the digest. */
  readonly last: boolean;
  /** Whether the worker reports progress. */
  readonly reportProgress: boolean;
}

/** A message from a worker: the number of bytes hashed since the last report, or the result of one id. */
export type HashResult =
  | { readonly id: number; readonly hashed: number }
  | { readonly id: number; readonly digest: Uint8Array }
  | { readonly id: number; readonly error: SystemError };

type SystemError = Pick<NodeJS.ErrnoException, 'message' | 'code' | 'syscall'>;

/** In bytes. Waking a thread takes longer than hashing a blob of this size. */
export const SMALL_BLOB = 64 * 1024;

/** As many as a transfer needs. */
const MAX_THREADS = 4;
/** The descriptor in requests without a file. */
const NO_FILE = -1;

/**
 * Worker threads that compute the sha256 of file ranges while the main thread transfers bytes. They read the written
 * bytes back from the page cache. That costs less than passing the bytes between threads, verifies what is in the file
 * rather than what was received, and supports bytes that arrive in several ranges or already exist.
 */
export class HashPool implements AsyncDisposable {
  readonly #workers: HashWorker[] = [];
  /** The maximum number of threads. */
  readonly max: number;
  readonly #signal: AbortSignal | undefined;
  #lastId = 0;

  /** @param maxThreads no more than there are processors */
  constructor(signal?: AbortSignal, maxThreads = MAX_THREADS) {
    this.#signal = signal;
    this.max = Math.min(maxThreads, availableParallelism());
  }

  /**
   * Starts a digest on the least loaded worker.
   *
   * @param onHashed receives the number of bytes hashed since its last call
   */
  start(onHashed?: (bytes: number) => void): FileHash {
    this.#lastId += 1;
    return new FileHash(this.#worker(), this.#lastId, onHashed);
  }

  /** Terminates all workers. Pending digests never settle. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.stop()));
  }

  #worker(): HashWorker {
    const leastLoaded = this.#workers.reduce<HashWorker | undefined>(
      (best, worker) => (best && best.load <= worker.load ? best : worker),
      undefined,
    );
    if (leastLoaded && (leastLoaded.load === 0 || this.#workers.length >= this.max)) return leastLoaded;
    const worker = new HashWorker(this.#signal);
    this.#workers.push(worker);
    return worker;
  }
}

/** The digest of a file range, computed while the range is still growing. */
export class FileHash {
  readonly #worker: HashWorker;
  readonly #id: number;
  readonly #reportProgress: boolean;
  readonly #digest: Promise<Digest>;

  constructor(worker: HashWorker, id: number, onHashed?: (bytes: number) => void) {
    this.#worker = worker;
    this.#id = id;
    this.#reportProgress = onHashed !== undefined;
    this.#digest = worker.register(id, onHashed);
    this.#digest.catch(() => {});
  }

  /** Adds written bytes; they follow those added before. @param pieces where they are, in order */
  extend(pieces: readonly FilePart[]): void {
    for (const { fd, offset, size } of pieces) this.#request({ fd, offset, length: size, last: false });
  }

  /** Adds bytes in memory; they follow those added before, and must not change until they are reported as hashed. */
  extendFrom(memory: SharedArrayBuffer, { start, end }: Range): void {
    this.#request({ fd: NO_FILE, memory, offset: start, length: end - start, last: false });
  }

  /** Ends the digest. @returns the digest of all added bytes */
  finish(): Promise<Digest> {
    this.#request({ fd: NO_FILE, offset: 0, length: 0, last: true });
    return this.#digest;
  }

  /** Rejects when the worker fails or is stopped. */
  get result(): Promise<Digest> {
    return this.#digest;
  }

  /**
   * Adds the last bytes.
   *
   * @param pieces where they are, in order; at least one
   * @returns the digest of all added bytes; rejects when a file cannot be read
   */
  digest(pieces: readonly FilePart[]): Promise<Digest> {
    for (const [index, { fd, offset, size }] of pieces.entries())
      this.#request({ fd, offset, length: size, last: index === pieces.length - 1 });
    return this.#digest;
  }

  /**
   * Copies bytes from another file, up to its end, and hashes them in the same pass.
   *
   * @param pieces where they go, in order; at least one
   * @returns the digest of the copied bytes; rejects when a file cannot be read or written
   */
  copy(from: Pick<FilePart, 'fd' | 'offset'>, pieces: readonly FilePart[]): Promise<Digest> {
    let { offset } = from;
    for (const [index, { size: length, ...to }] of pieces.entries()) {
      this.#request({ ...to, length, last: index === pieces.length - 1, from: { fd: from.fd, offset } });
      offset += length;
    }
    return this.#digest;
  }

  #request(request: Omit<HashRequest, 'id' | 'reportProgress'>): void {
    this.#worker.post({ ...request, id: this.#id, reportProgress: this.#reportProgress });
  }
}

interface PendingDigest {
  readonly onHashed: ((bytes: number) => void) | undefined;
  readonly resolve: (digest: Digest) => void;
  readonly reject: (error: unknown) => void;
}

class HashWorker {
  readonly #worker = startHashWorker();
  readonly #pending = new Map<number, PendingDigest>();

  readonly #signal: AbortSignal | undefined;
  readonly #abort = () => this.#fail(this.#signal?.reason);

  constructor(signal: AbortSignal | undefined) {
    this.#worker.on('message', (result: HashResult) => this.#onMessage(result));
    this.#worker.on('error', error => this.#fail(error));
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** The number of pending digests. */
  get load(): number {
    return this.#pending.size;
  }

  register(id: number, onHashed?: (bytes: number) => void): Promise<Digest> {
    return new Promise((resolve, reject) => {
      if (this.#signal?.aborted) return reject(this.#signal.reason);
      this.#pending.set(id, { onHashed, resolve, reject });
    });
  }

  post(request: HashRequest): void {
    this.#worker.postMessage(request);
  }

  async stop(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#abort);
    await this.#worker.terminate();
  }

  #onMessage(result: HashResult): void {
    const pending = this.#pending.get(result.id);
    if ('hashed' in result) {
      pending?.onHashed?.(result.hashed);
      return;
    }
    this.#pending.delete(result.id);
    if ('digest' in result) pending?.resolve(sha256Digest(result.digest));
    else pending?.reject(Object.assign(new Error(result.error.message), result.error));
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
