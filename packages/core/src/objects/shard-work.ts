import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { MultipartUpload, type SentPart } from './multipart-upload.ts';
import { ObjectStore, type ObjectStoreOptions } from './s3/object-store.ts';
import { ShardFiles } from './shard-files.ts';
import { parsePlan, restorePlan, type ShardPlan, type StoredPlan } from './shard-plan.ts';
import { formatReport, isReportName, parseReport, reportName, type ShardReport } from './shard-report.ts';
import { type UploadOptions, uploadTasks } from './upload-bundle.ts';
import type { UploadTask } from './upload-tasks.ts';

const PLAN = 'plan.json';
const HEAD = 'head';
/** What stays of a plan: it tells workers that start late that there is nothing left to do. */
const DONE = 'done.json';

const doneSchema = z.strictObject({
  plan: z.string(),
  index: z.custom<Digest>(value => typeof value === 'string' && isDigest(value)),
  size: z.int().nonnegative(),
});

/** A bundle that has been completed. */
export interface FinishedBundle {
  /** The digest of its `index.json`. */
  readonly index: Digest;
  /** In bytes. */
  readonly size: number;
}

/** What a worker did. Sizes are bytes. */
export interface ShardOutcome extends FinishedBundle {
  /** What it has uploaded. */
  readonly sent: number;
  /** What an earlier run of the shard had uploaded. */
  readonly kept: number;
  /** Whether the object is complete. */
  readonly isComplete: boolean;
}

/** Stores a plan where workers find it. */
export async function storePlan(store: ObjectStore, { digest, document, head }: StoredPlan): Promise<void> {
  const files = new ShardFiles(store, digest);
  await files.write(HEAD, head);
  await files.write(PLAN, [document]);
}

/** One plan in an object store, and the upload that it is about. */
export class ShardWork implements AsyncDisposable {
  readonly store: ObjectStore;
  readonly #digest: Digest;
  readonly #files: ShardFiles;

  private constructor(store: ObjectStore, digest: Digest) {
    this.store = store;
    this.#digest = digest;
    this.#files = new ShardFiles(store, digest);
  }

  /** @param digest of the plan. @throws AirgapError `USAGE` for the URL, `INPUT` for the settings of the store */
  static async open(location: string, digest: Digest, options: ObjectStoreOptions): Promise<ShardWork> {
    return new ShardWork(await ObjectStore.open(location, options), digest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
  }

  /** The bundle, if it has been completed. */
  async finished(): Promise<FinishedBundle | undefined> {
    const bytes = await this.#files.read(DONE);
    const parsed = bytes && doneSchema.safeParse(parseJson(bytes));
    return parsed?.success && parsed.data.plan === this.#digest ? parsed.data : undefined;
  }

  /** Reads the plan. @returns undefined when the bundle is complete. @throws AirgapError `NOT_FOUND`, `CONTENT`, `INPUT` */
  async plan(): Promise<ShardPlan | undefined> {
    const bytes = await this.#files.read(PLAN);
    const document = bytes && parsePlan(bytes, this.#digest);
    const head = document && (await this.#files.read(HEAD, document.head.size));
    if (head) return restorePlan(document, this.#digest, head);
    if (await this.finished()) return undefined;
    throw new AirgapError('NOT_FOUND', `there is no plan ${this.#digest} for ${this.store.location}`, {
      where: { host: this.store.host, path: this.store.location },
      hint: 'Check the URL and the digest; if the plan was aborted or removed, plan again.',
    });
  }

  /**
   * Uploads a shard, but not the tasks that an earlier run of it has reported. The worker that finishes last
   * completes the object.
   *
   * @param shard counted from 0
   * @throws AirgapError `CONTENT`, and what the sources and the store throw
   */
  async run(plan: ShardPlan, shard: number, options: UploadOptions): Promise<ShardOutcome> {
    const tasks = plan.shards[shard] ?? [];
    const upload = new MultipartUpload(this.store, plan.upload);
    const report = new ReportWriter(this.#files, plan.digest, shard);
    const kept = await report.resume(tasks);
    const open = tasks.filter(task => !kept.has(task));
    await uploadTasks(upload, plan.plan, open, {
      ...options,
      onTask: (_task, parts) => report.add(parts),
    });
    await report.finish();
    options.onEvent?.({ type: 'phase', phase: 'finish' });
    const isComplete = (await this.missing(plan)).length === 0;
    return {
      index: plan.index,
      size: plan.plan.size,
      sent: bytesOf(open),
      kept: bytesOf([...kept]),
      isComplete: isComplete && (await this.complete(plan)),
    };
  }

  /** The shards that have not finished. */
  async missing({ digest, shards }: ShardPlan): Promise<number[]> {
    const names = new Set((await this.#files.list()).filter(isReportName));
    const all = [...shards.keys()];
    const absent = all.filter(shard => !names.has(reportName(shard)));
    // Reports are read only when there is one of each shard.
    if (absent.length > 0) return (await this.finished()) ? [] : absent;
    const reports = await Promise.all(all.map(shard => this.#report(digest, shard)));
    const unfinished = all.filter(shard => !reports[shard]?.isFinished);
    return unfinished.length > 0 && (await this.finished()) ? [] : unfinished;
  }

  /** Completes the object, and removes the files of the plan. @returns true. @throws AirgapError `CONTENT` */
  async complete(plan: ShardPlan): Promise<true> {
    if (await this.finished()) return true;
    const reports = await Promise.all([...plan.shards.keys()].map(shard => this.#report(plan.digest, shard)));
    const parts = reports.flatMap(report => report?.parts ?? []);
    if (reports.includes(undefined) && (await this.finished())) return true;
    checkParts(plan, parts);
    await new MultipartUpload(this.store, plan.upload).complete(parts, plan.plan.size);
    const done = { plan: plan.digest, index: plan.index, size: plan.plan.size };
    await this.#files.write(DONE, [Buffer.from(JSON.stringify(done))]);
    await this.#files.remove((await this.#files.list()).filter(name => name !== DONE));
    return true;
  }

  async #report(digest: Digest, shard: number): Promise<ShardReport | undefined> {
    const bytes = await this.#files.read(reportName(shard));
    return bytes && parseReport(bytes, digest, shard);
  }
}

/** The report of one shard while it is uploaded. */
class ReportWriter {
  readonly #files: ShardFiles;
  readonly #digest: Digest;
  readonly #shard: number;
  #parts: SentPart[] = [];
  #isFinished = false;
  /** Reports are written one after another, so that the last one has all parts. */
  #writing: Promise<void> = Promise.resolve();

  constructor(files: ShardFiles, digest: Digest, shard: number) {
    this.#files = files;
    this.#digest = digest;
    this.#shard = shard;
  }

  /** Reads the report of an earlier run. @returns the tasks that it has completely */
  async resume(tasks: readonly UploadTask[]): Promise<Set<UploadTask>> {
    const bytes = await this.#files.read(reportName(this.#shard));
    const { parts = [], isFinished = false } = bytes ? parseReport(bytes, this.#digest, this.#shard) : {};
    const reported = new Map(parts.map(part => [part.number, part]));
    const kept = tasks.filter(task => task.parts.every(({ number }) => reported.has(number)));
    this.#parts = kept.flatMap(task => task.parts.flatMap(({ number }) => reported.get(number) ?? []));
    this.#isFinished = isFinished && kept.length === tasks.length;
    return new Set(kept);
  }

  add(parts: readonly SentPart[]): Promise<void> {
    this.#parts.push(...parts);
    return this.#write();
  }

  async finish(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    await this.#write();
  }

  #write(): Promise<void> {
    const report = { plan: this.#digest, isFinished: this.#isFinished, parts: [...this.#parts] };
    const bytes = [formatReport(report)];
    this.#writing = this.#writing.then(() => this.#files.write(reportName(this.#shard), bytes));
    return this.#writing;
  }
}

/** @throws AirgapError `INPUT` when the reports do not have every part once */
function checkParts({ shards }: ShardPlan, parts: readonly SentPart[]): void {
  const expected = shards.flat().reduce((sum, task) => sum + task.parts.length, 0);
  const numbers = new Set(parts.map(({ number }) => number));
  if (parts.length === expected && numbers.size === expected) return;
  throw new AirgapError('INPUT', `the reports have ${numbers.size} of ${expected} parts`, {
    hint: 'Run all shards again.',
  });
}

function bytesOf(tasks: readonly UploadTask[]): number {
  return tasks.reduce((sum, { start, end }) => sum + end - start, 0);
}
