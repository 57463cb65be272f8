import { testKilledBuilds } from './killed-builds.ts';
import { testKilledMerges } from './killed-merges.ts';

testKilledBuilds(200);
testKilledMerges(50);
