import {
  formatBytes,
  type ShardAbortResult,
  type ShardFinishResult,
  type ShardPlanResult,
  type ShardRunResult,
} from '@airgap/core';
import { count } from './count.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';

/** Renders a plan of shards: what is built, and the command of a worker. */
export function renderShardPlan(result: Omit<ShardPlanResult, 'sources'>): string {
  const { object, plan, digest, shards, largestShard, parts, images, bundleSize } = result;
  return [
    `${count(images.length, 'name')}, ${formatBytes(bundleSize)} in ${count(parts, 'part')}`,
    `${count(shards, 'shard')}, the largest ${formatBytes(largestShard)}`,
    `index ${digest}`,
    `plan  ${plan}`,
    `run each shard: airgap shard run ${printable(object)} --plan ${plan} --shard N`,
    '',
  ].join('\n');
}

/** Renders what a worker did. */
export function renderShardRun(result: ShardRunResult): string {
  const { object, shard, sent, kept, isComplete, size, digest, elapsed } = result;
  const before = kept > 0 ? `, ${formatBytes(kept)} uploaded before` : '';
  const worker = `shard ${shard}: ${formatBytes(sent)} in ${formatDuration(elapsed)}${before}\n`;
  if (!isComplete) return `${worker}${printable(object)}: waiting for other shards\n`;
  return `${worker}${renderShardFinish({ object, size, digest })}`;
}

/** Renders a complete object. */
export function renderShardFinish({ object, size, digest }: ShardFinishResult): string {
  return `${printable(object)}: complete, ${formatBytes(size)}\nindex ${digest}\n`;
}

/** Renders the plans that were given up. */
export function renderShardAbort({ object, aborted }: ShardAbortResult): string {
  if (aborted.length === 0) return `${printable(object)}: no plan to abort\n`;
  return aborted.map(plan => `${printable(object)}: aborted ${plan}\n`).join('');
}
