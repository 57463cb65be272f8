/**
 * Distributes tasks so that all shards have about the same size: the largest first, each to the shard with the least.
 *
 * @param sizes of the tasks, in bytes
 * @returns the shard of each task, counted from 0
 */
export function balance(sizes: readonly number[], shards: number): number[] {
  const loads = new Array<number>(shards).fill(0);
  const assigned = new Array<number>(sizes.length).fill(0);
  const largestFirst = [...sizes.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0));
  for (const task of largestFirst) {
    const shard = loads.indexOf(Math.min(...loads));
    assigned[task] = shard;
    loads[shard] = (loads[shard] ?? 0) + (sizes[task] ?? 0);
  }
  return assigned;
}
