import { ALL_PUMPS, testRegexes } from './test-regexes.ts';

testRegexes(ALL_PUMPS);
