import { KINDS, testOddFiles } from './odd-files.ts';

testOddFiles(KINDS);
