import { it } from 'vitest';
import { missing, runSmallBench } from './small-bench.ts';

it.skipIf(missing.length > 0)(
  'the bench runs a build and a load, checks the results, and writes tables and a chart',
  () => runSmallBench([1, 14]),
  300_000,
);
