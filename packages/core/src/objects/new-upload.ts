import { AirgapError } from '../model/errors.ts';
import { withTime } from '../store/events.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { ObjectStore, type ObjectStoreOptions } from './s3/object-store.ts';

/** How long a failed command waits for the store to remove the parts, in ms. */
const ABORT_TIMEOUT = 15_000;

/**
 * An upload that this process has started. Unless it is kept, its parts are removed at the end: a failed upload leaves
 * nothing behind.
 */
export class NewUpload implements AsyncDisposable {
  readonly upload: MultipartUpload;
  readonly #store: ObjectStore;
  readonly #options: ObjectStoreOptions;
  #isSettled = false;

  private constructor(upload: MultipartUpload, store: ObjectStore, options: ObjectStoreOptions) {
    this.upload = upload;
    this.#store = store;
    this.#options = options;
  }

  /**
   * Starts an upload, which shows early whether the store permits it.
   *
   * @throws AirgapError `USAGE` for the URL, and as {@link ObjectStore.run}
   */
  static async open(location: string, options: ObjectStoreOptions): Promise<NewUpload> {
    const store = await ObjectStore.open(location, options);
    try {
      return new NewUpload(await MultipartUpload.create(store), store, options);
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `s3://bucket/key`. */
  get location(): string {
    return this.#store.location;
  }

  /** Leaves the upload to others, or the object in place. */
  keep(): void {
    this.#isSettled = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
    if (!this.#isSettled) await this.#abort();
  }

  /** Removes the parts with a client of its own: the signal of the other one may be aborted. */
  async #abort(): Promise<void> {
    const signal = AbortSignal.timeout(ABORT_TIMEOUT);
    try {
      await using store = await ObjectStore.open(this.location, { ...this.#options, signal });
      await new MultipartUpload(store, this.upload.id).abort();
    } catch (error) {
      const reason = error instanceof AirgapError ? error.message : 'the store did not answer';
      const message = `${this.location}: the parts of the failed upload stay in the bucket: ${reason}`;
      withTime(this.#options.onEvent)?.({ type: 'notice', message });
    }
  }
}
