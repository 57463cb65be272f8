import { VERSITYGW } from '../support/programs/versitygw.ts';
import { testKilledWorkers } from './killed-workers.ts';
import { testObjectStore } from './object-store.ts';
import { testShards } from './shards.ts';
import { testStoredBundles } from './stored-bundles.ts';

testObjectStore(VERSITYGW);
testStoredBundles(VERSITYGW);
testShards(VERSITYGW);
testKilledWorkers(VERSITYGW);
