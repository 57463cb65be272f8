import type { Workload } from '../workload.ts';
import { capped } from './capped.ts';
import { delayed } from './delayed.ts';
import { farSide } from './far-side.ts';
import { lint } from './lint.ts';
import { delayedLoad, load, loadOverTls } from './load.ts';
import { manyImages } from './many-images.ts';
import { manySmall } from './many-small.ts';
import { memoryDisk } from './memory-disk.ts';
import { oneLarge } from './one-large.ts';
import { realDisk } from './real-disk.ts';
import { rebuild } from './rebuild.ts';
import { shards } from './shards.ts';
import { startUp } from './start-up.ts';
import { verify } from './verify.ts';

/** All workloads in the order of their numbers. */
export const WORKLOADS: readonly Workload[] = [
  memoryDisk,
  realDisk,
  capped,
  delayed,
  manySmall,
  oneLarge,
  rebuild,
  load,
  verify,
  lint,
  startUp,
  manyImages,
  loadOverTls,
  delayedLoad,
  shards,
  farSide,
];
