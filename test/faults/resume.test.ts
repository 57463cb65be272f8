import { testKilledBuilds } from './killed-builds.ts';

testKilledBuilds(12);
