import type { BlobRef } from '../bundle/entry-content.ts';
import { TransferTally } from '../bundle/transfer-tally.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { parsePlanDigest, type ShardPlan } from '../objects/shard-plan.ts';
import type { ShardOutcome, ShardWork } from '../objects/shard-work.ts';
import type { UploadOptions } from '../objects/upload-bundle.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { withTime } from '../store/events.ts';
import { ReadWindow, WindowedSource } from '../store/windowed-source.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link shardRun}. Mirrors, credentials and TLS settings are those of the worker: the plan has none. */
export interface ShardRunOptions extends RegistryOptions {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** The digest that `shardPlan` returned. */
  readonly plan: string;
  /** The shard to upload, counted from 0. */
  readonly shard: number;
}

/** What a worker did. Sizes are bytes. */
export interface ShardRunResult {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  readonly shard: number;
  /** What it has uploaded. */
  readonly sent: number;
  /** What an earlier run of this shard had uploaded. */
  readonly kept: number;
  /** What it has received from registries, repeated transfers included. */
  readonly downloaded: number;
  /** Whether the object is complete, by this worker or by another one. */
  readonly isComplete: boolean;
  /** The size of the object. */
  readonly size: number;
  /** The digest of the `index.json` of the bundle. */
  readonly digest: string;
  /** In ms. */
  readonly elapsed: number;
}

/**
 * Uploads one shard of a plan. The worker that finishes last completes the object; running a shard again uploads only
 * what is missing. A plan with another digest is refused.
 *
 * @throws AirgapError `CONTENT` for another plan or a damaged blob, `NOT_FOUND` for a missing plan, `USAGE`, and the
 * errors of registries and the store
 * @example
 * await shardRun({ object: 's3://releases/app.tar', plan: 'sha256:…', shard: 3 });
 */
export async function shardRun(options: ShardRunOptions): Promise<ShardRunResult> {
  checkOptions('shardRun', options, ['object', 'plan', 'shard']);
  const started = performance.now();
  const digest = parsePlanDigest(options.plan);
  const stopper = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stopper.signal]) : stopper.signal;
  return interruptible(options.signal, async () => {
    const objects = await import('../objects/shard-work.ts');
    await using work = await objects.ShardWork.open(options.object, digest, { ...options, signal });
    await using registries = await Registries.open({ ...options, signal });
    const window = new ReadWindow();
    const tally = new TransferTally();
    const upload: UploadOptions = {
      sourcesOf: ({ from }: BlobRef) =>
        registries.source(from).sources.map(source => new WindowedSource(source, window)),
      onEvent: withTime(options.onEvent),
      onBytes: tally.add,
      stop: reason => stopper.abort(reason),
      signal,
    };
    const { index, ...outcome } = await runShard(work, options.shard, upload);
    return {
      object: options.object,
      shard: options.shard,
      ...outcome,
      downloaded: tally.total(0, 0).downloaded,
      digest: index,
      elapsed: performance.now() - started,
    };
  });
}

/** A worker that starts late, or is overtaken by a second run of its shard, finds the object complete. */
async function runShard(work: ShardWork, shard: number, options: UploadOptions): Promise<ShardOutcome> {
  options.onEvent?.({ type: 'phase', phase: 'read' });
  const plan = await work.plan();
  if (plan === undefined) return finishedBefore(work);
  checkShard(plan, shard);
  reportPlanned(plan, shard, options);
  try {
    return await work.run(plan, shard, options);
  } catch (error) {
    const isGone = error instanceof AirgapError && error.code === 'NOT_FOUND';
    if (isGone && !options.signal.aborted && (await work.finished())) return finishedBefore(work);
    throw error;
  }
}

async function finishedBefore(work: ShardWork): Promise<ShardOutcome> {
  const finished = await work.finished();
  if (finished) return { ...finished, sent: 0, kept: 0, isComplete: true };
  throw new AirgapError('NOT_FOUND', 'the plan was removed', { hint: 'Plan again.' });
}

function reportPlanned({ plan, shards }: ShardPlan, shard: number, { onEvent }: UploadOptions): void {
  const tasks = shards[shard] ?? [];
  const isIn = (at: number) => tasks.some(({ start, end }) => at >= start && at < end);
  const blobs = plan.entries.filter(
    ({ content, headerOffset }) => content.bytes === undefined && isIn(headerOffset),
  );
  const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
  onEvent?.({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: plan.size });
  onEvent?.({ type: 'phase', phase: 'move' });
}

function checkShard({ shards }: ShardPlan, shard: number): void {
  if (Number.isInteger(shard) && shard >= 0 && shard < shards.length) return;
  throw new AirgapError(
    'USAGE',
    `there is no shard ${shard}: the plan has ${shards.length}, counted from 0`,
    {
      hint: 'Start as many workers as the plan has shards, with the indexes from 0.',
    },
  );
}
