import type { BundlePlan } from '../bundle/entry-content.ts';
import { AirgapError } from '../model/errors.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { MultipartUpload, type SentPart } from './multipart-upload.ts';
import { ObjectStore, type ObjectStoreOptions } from './object-store.ts';
import { type UploadOptions, uploadTasks } from './upload-bundle.ts';
import { cutTasks, partSizeFor } from './upload-tasks.ts';

/** How long a failed build waits for the store to remove the parts, in ms. */
const ABORT_TIMEOUT = 15_000;

export interface BundleObjectOptions extends Omit<UploadOptions, 'onTask'> {
  /** The size of the parts, in bytes; by default it follows from that of the bundle. */
  readonly partSize?: number | undefined;
}

/**
 * A bundle that is uploaded to an object store, without a file in between. The object appears, or replaces an older one,
 * only with the last step; the parts of a failed upload are removed.
 */
export class BundleObject implements AsyncDisposable {
  /** `s3://bucket/key`. */
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #upload: MultipartUpload;
  readonly #options: ObjectStoreOptions;
  #isComplete = false;

  private constructor(store: ObjectStore, upload: MultipartUpload, options: ObjectStoreOptions) {
    this.location = store.location;
    this.#store = store;
    this.#upload = upload;
    this.#options = options;
  }

  /**
   * Starts the upload, which shows early whether the store permits it.
   *
   * @throws AirgapError `USAGE` for the URL, and as {@link ObjectStore.run}
   */
  static async open(location: string, options: ObjectStoreOptions): Promise<BundleObject> {
    const store = await ObjectStore.open(location, options);
    try {
      return new BundleObject(store, await MultipartUpload.create(store), options);
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Uploads a planned bundle. @throws AirgapError `CONTENT`, and what the sources and the store throw */
  async write(plan: BundlePlan, { partSize = partSizeFor(plan.size), ...options }: BundleObjectOptions) {
    const sent: SentPart[] = [];
    await uploadTasks(this.#upload, plan, cutTasks(plan, partSize), {
      ...options,
      onTask: async (_task, parts) => void sent.push(...parts),
    });
    options.signal.throwIfAborted();
    options.onEvent?.({ type: 'phase', phase: 'finish' });
    await this.#upload.complete(sent, plan.size);
    this.#isComplete = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
    if (!this.#isComplete) await this.#abort(withTime(this.#options.onEvent) ?? (() => {}));
  }

  /** Removes the parts with a client of its own: the signal of the other one may be aborted. */
  async #abort(onEvent: OnEvent): Promise<void> {
    const signal = AbortSignal.timeout(ABORT_TIMEOUT);
    try {
      await using store = await ObjectStore.open(this.location, { ...this.#options, signal });
      await new MultipartUpload(store, this.#upload.id).abort();
    } catch (error) {
      const reason = error instanceof AirgapError ? error.message : 'the store did not answer';
      const message = `${this.location}: the parts of the failed upload stay in the bucket: ${reason}`;
      onEvent({ type: 'notice', message });
    }
  }
}
