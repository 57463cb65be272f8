import pLimit from 'p-limit';
import type { BlobRef, BundleEntry, BundlePlan } from '../bundle/entry-content.ts';
import { type WriteOptions, writeEntries, writeTrailer } from '../bundle/write-bundle.ts';
import { AirgapError } from '../model/errors.ts';
import { runAll } from '../model/run-all.ts';
import { padded, TRAILER_SIZE } from '../tar/header.ts';
import type { MultipartUpload, SentPart } from './multipart-upload.ts';
import { PartFailure, TaskTarget } from './task-target.ts';
import type { UploadTask } from './upload-tasks.ts';

/** The number of parts that are sent at once. */
const LANES = 6;

/** Where the blobs come from, and who is notified. */
export interface UploadOptions extends WriteOptions {
  readonly signal: AbortSignal;
  /** Receives the parts of each task that is complete. */
  readonly onTask?: (task: UploadTask, parts: readonly SentPart[]) => Promise<void>;
}

/**
 * Uploads tasks of a planned bundle, several at once. A part that fails is sent once more, from its first byte; a blob
 * with wrong bytes is never in a part completely, and the next source of it is tried.
 *
 * @throws AirgapError `CONTENT`, and what the sources and the store throw
 */
export async function uploadTasks(
  upload: MultipartUpload,
  plan: BundlePlan,
  tasks: readonly UploadTask[],
  options: UploadOptions,
): Promise<void> {
  const limit = pLimit(LANES);
  const largestFirst = [...tasks].sort((a, b) => sizeOf(b) - sizeOf(a));
  const entries = entriesOfTasks(plan, tasks);
  await runAll(largestFirst, options.stop, task =>
    limit(async () => {
      options.signal.throwIfAborted();
      const parts = await new TaskUpload(upload, plan, task, entries.get(task) ?? [], options).run();
      await options.onTask?.(task, parts);
    }),
  );
}

function sizeOf({ start, end }: UploadTask): number {
  return end - start;
}

/** The entries of each task; both are in the order of the tar. */
function entriesOfTasks(plan: BundlePlan, tasks: readonly UploadTask[]): Map<UploadTask, BundleEntry[]> {
  const inOrder = [...tasks].sort((a, b) => a.start - b.start);
  const entries = new Map<UploadTask, BundleEntry[]>(inOrder.map(task => [task, []]));
  let at = 0;
  for (const entry of plan.entries) {
    while (entry.headerOffset >= (inOrder[at]?.end ?? Number.POSITIVE_INFINITY)) at += 1;
    const task = inOrder[at];
    if (task && entry.headerOffset >= task.start) entries.get(task)?.push(entry);
  }
  return entries;
}

class TaskUpload {
  readonly #upload: MultipartUpload;
  readonly #plan: BundlePlan;
  readonly #task: UploadTask;
  readonly #entries: readonly BundleEntry[];
  readonly #options: UploadOptions;
  /** How often a source has sent wrong bytes. */
  #mismatches = 0;
  #uploaded = 0;

  constructor(
    upload: MultipartUpload,
    plan: BundlePlan,
    task: UploadTask,
    entries: readonly BundleEntry[],
    options: UploadOptions,
  ) {
    this.#upload = upload;
    this.#plan = plan;
    this.#task = task;
    this.#entries = entries;
    this.#options = options;
  }

  async run(): Promise<readonly SentPart[]> {
    const { store } = this.#upload;
    let target: TaskTarget | undefined;
    return store.run(
      'upload a part of the bundle',
      async client => {
        target ??= this.#open(client);
        await this.#write(target);
        return target.sent;
      },
      { progress: () => this.#uploaded },
    );
  }

  #open(client: ConstructorParameters<typeof TaskTarget>[1]): TaskTarget {
    const { signal } = this.#options;
    return new TaskTarget(this.#upload, client, this.#task, {
      signal,
      onPart: ({ start, end }) => {
        this.#uploaded += end - start;
      },
    });
  }

  /** Writes what the store does not have. @throws the error of the store, to be retried */
  async #write(target: TaskTarget): Promise<void> {
    for (;;) {
      try {
        await this.#writeEntries(target);
        return;
      } catch (error) {
        await target.resume();
        if (error instanceof PartFailure) throw error.cause;
        if (!this.#mayRetry(error)) throw error;
        this.#mismatches += 1;
        await target.restart();
      }
    }
  }

  async #writeEntries(target: TaskTarget): Promise<void> {
    const needed = this.#entries.filter(({ offset, size }) => offset + padded(size) > target.needed);
    const options = { ...this.#options, sourcesOf: this.#sourcesOf };
    await writeEntries(target, needed, options);
    if (this.#task.end > this.#plan.size - TRAILER_SIZE) await writeTrailer(target, this.#plan);
  }

  /** The sources, those that have sent wrong bytes last. */
  readonly #sourcesOf = (content: BlobRef) => {
    const sources = this.#options.sourcesOf(content);
    const first = this.#mismatches % Math.max(1, sources.length);
    return [...sources.slice(first), ...sources.slice(0, first)];
  };

  /** Wrong bytes are requested once more, and from each other source. */
  #mayRetry(error: unknown): boolean {
    if (!(error instanceof AirgapError) || error.code !== 'CONTENT') return false;
    const { host, path } = error.where;
    const counts = this.#entries.map(({ content }) =>
      content.bytes ? 0 : this.#options.sourcesOf(content).length,
    );
    if (this.#mismatches >= Math.max(...counts)) return false;
    this.#options.onEvent?.({
      type: 'notice',
      message: `${host ?? path}: ${error.message}; retrying once`,
    });
    return true;
  }
}
