import { testRegexes } from './test-regexes.ts';

testRegexes(8);
