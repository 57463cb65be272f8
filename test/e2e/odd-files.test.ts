import { testOddFiles } from './odd-files.ts';

testOddFiles(['fifo', 'socket', 'zero']);
