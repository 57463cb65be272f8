import { it } from 'vitest';
import { WORKLOADS } from '../../bench/workloads/index.ts';
import { missing, runSmallBench } from './small-bench.ts';

it.skipIf(missing.length > 0)(
  'the bench runs all workloads, checks the results, and writes the documents',
  () => runSmallBench(WORKLOADS.map(({ number }) => number)),
  900_000,
);
