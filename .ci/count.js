// Prints the test counts from vitest's JSON report. Without a report the run counts as failed.
import { readFileSync } from 'node:fs';

const [report, status] = process.argv.slice(2);
let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {}
const failed = counts.numFailedTests || (status === '0' ? 0 : 1);
process.stdout.write(
  `${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped\n`,
);
