import { AirgapError } from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import type { Environment } from '../environment.ts';
import { integer } from './parsers.ts';

export const OBJECT_HELP = 'object to build, as s3://bucket/key';

export const planOption = new Option('--plan <digest>', 'digest that airgap shard plan printed (required)');

export const shardOption = new Option(
  '--shard <n>',
  'shard to upload, counted from 0 (default: JOB_COMPLETION_INDEX, AWS_BATCH_JOB_ARRAY_INDEX, SLURM_ARRAY_TASK_ID or NOMAD_ALLOC_INDEX)',
).argParser(integer);

export const shardsOption = new Option('--shards <n>', 'number of shards, several times that of the workers')
  .argParser(integer)
  .default(64);

/** The digest of the plan. @throws AirgapError `USAGE` when it is missing */
export function requiredPlan(plan: string | undefined): string {
  if (plan !== undefined) return plan;
  throw new AirgapError('USAGE', "required option '--plan <digest>' not specified", {
    hint: 'Pass the digest that airgap shard plan printed, or set AIRGAP_PLAN.',
  });
}

/** The shard of this worker: the flag, else what the cluster says. @throws AirgapError `USAGE` */
export function shardOf(flag: number | undefined, { shard }: Environment): number {
  if (flag !== undefined) return flag;
  if (shard === undefined)
    throw new AirgapError('USAGE', 'no shard: --shard is missing, and no variable of a cluster is set', {
      hint: 'Pass --shard N, or set JOB_COMPLETION_INDEX.',
    });
  if (/^\d{1,9}$/.test(shard.value)) return Number(shard.value);
  throw new AirgapError('USAGE', `invalid ${shard.variable}: ${JSON.stringify(shard.value)}`, {
    hint: 'Set it to the index of the worker, counted from 0, or pass --shard N.',
  });
}
