import { testKilledBuilds } from './killed-builds.ts';
import { testKilledMerges } from './killed-merges.ts';

testKilledBuilds(6);
testKilledMerges(4);
