import { testAnyText } from './input.ts';

testAnyText({ numRuns: 1_000_000, interruptAfterTimeLimit: 240_000 });
