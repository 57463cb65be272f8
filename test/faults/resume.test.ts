import { testKilledBuilds } from './killed-builds.ts';
import { testKilledMerges } from './killed-merges.ts';

testKilledBuilds(12);
testKilledMerges(6);
