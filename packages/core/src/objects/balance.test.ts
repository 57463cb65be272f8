import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { balance } from './balance.ts';

describe('balance', () => {
  it('gives the largest task to a shard of its own', () => {
    expect(balance([1, 9, 2, 3, 3], 2)).toEqual([1, 0, 1, 1, 1]);
  });

  it('leaves shards without tasks empty', () => {
    expect(balance([5], 3)).toEqual([0]);
  });

  test.prop([fc.array(fc.nat(1_000_000), { maxLength: 200 }), fc.integer({ min: 1, max: 20 })])(
    'makes no shard larger than the mean and the largest task',
    (sizes, shards) => {
      const assigned = balance(sizes, shards);
      const loads = Array.from({ length: shards }, (_, shard) =>
        sizes.reduce((sum, size, task) => sum + (assigned[task] === shard ? size : 0), 0),
      );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(loads.reduce((sum, load) => sum + load, 0)).toBe(total);
      expect(Math.max(...loads)).toBeLessThanOrEqual(total / shards + Math.max(0, ...sizes));
    },
  );
});
