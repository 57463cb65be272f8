import { interruptible } from '../model/interrupted.ts';
import type { ObjectStoreOptions } from '../objects/s3/object-store.ts';
import { parsePlanDigest } from '../objects/shard-plan.ts';
import { checkOptions } from './check-options.ts';

/** The options of {@link shardAbort}. */
export interface ShardAbortOptions extends ObjectStoreOptions {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** The digest of the only plan to abort. Default: all plans for the object. */
  readonly plan?: string | undefined;
}

export interface ShardAbortResult {
  /** The object, as `s3://bucket/key`. */
  readonly object: string;
  /** The digests of the plans whose uploads were aborted. */
  readonly aborted: readonly string[];
}

/**
 * Gives up plans: aborts their uploads, and removes their files from the store. An object that is complete stays.
 *
 * @throws AirgapError `USAGE`, and the errors of the store
 */
export async function shardAbort(options: ShardAbortOptions): Promise<ShardAbortResult> {
  checkOptions('shardAbort', options, ['object']);
  const { object, plan } = options;
  const digest = plan === undefined ? undefined : parsePlanDigest(plan);
  return interruptible(options.signal, async () => {
    const { abortPlans } = await import('../objects/abort-plans.ts');
    return { object, aborted: await abortPlans(object, digest, options) };
  });
}
