import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import type { ObjectStoreOptions } from '../objects/s3/object-store.ts';
import { parsePlanDigest } from '../objects/shard-plan.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link shardFinish}. */
export interface ShardFinishOptions extends ObjectStoreOptions {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** The digest that `shardPlan` returned. */
  readonly plan: string;
}

/** A complete object. */
export interface ShardFinishResult {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** In bytes. */
  readonly size: number;
  /** The digest of the `index.json` of the bundle. */
  readonly digest: string;
}

/**
 * Completes the object of a plan whose shards have all finished, if the last worker could not.
 *
 * @throws AirgapError `BUNDLE` when shards have not finished, `NOT_FOUND` for a missing plan, `CONTENT` for a part that was
 * replaced, and the errors of the store
 */
export async function shardFinish(options: ShardFinishOptions): Promise<ShardFinishResult> {
  checkOptions('shardFinish', options, ['object', 'plan']);
  const digest = parsePlanDigest(options.plan);
  const { object } = options;
  return interruptible(options.signal, async () => {
    const { ShardWork } = await import('../objects/shard-work.ts');
    await using work = await ShardWork.open(object, digest, options);
    const plan = await work.plan();
    if (plan) {
      const missing = await work.missing(plan);
      if (missing.length > 0) throw unfinished(object, missing, plan.shards.length);
      await work.complete(plan);
    }
    const finished = await work.finished();
    return {
      object,
      size: finished?.size ?? plan?.plan.size ?? 0,
      digest: finished?.index ?? plan?.index ?? '',
    };
  });
}

/** How many shards an error names. */
const MAX_NAMED = 20;

function unfinished(path: string, missing: readonly number[], shards: number): AirgapError {
  const named = missing.slice(0, MAX_NAMED).join(', ');
  const more = missing.length > MAX_NAMED ? ` and ${missing.length - MAX_NAMED} more` : '';
  const message = `${missing.length} of ${shards} shards have not finished: ${named}${more}`;
  return new AirgapError('BUNDLE', message, {
    where: { path },
    hint: 'Run these shards with airgap shard run.',
  });
}
