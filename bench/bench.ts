import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, runContest } from './contest.ts';
import { heading, writeDocuments } from './documents.ts';
import { installPeers } from './install.ts';
import { KeptResults } from './kept-results.ts';
import { machine } from './machine.ts';
import { contestTable, contestTitle, failures, type Result, summaryTable } from './report.ts';
import { asText } from './table.ts';
import type { Stage, Workload } from './workload.ts';
import { WORKLOADS } from './workloads/index.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: WORKLOADS.map(({ number }) => number).join(',') },
    runs: { type: 'string' },
    scale: { type: 'string' },
    quick: { type: 'boolean', default: false },
    results: { type: 'string' },
    docs: { type: 'string' },
    data: { type: 'string', default: join(tmpdir(), 'airgap-bench') },
    memory: { type: 'string', default: '/dev/shm' },
    disk: { type: 'string', default: tmpdir() },
    install: { type: 'boolean', default: false },
  },
});

const RUNS = 5;
const fixedRuns = values.runs ?? (values.quick ? '1' : undefined);
const scale = Number(values.scale ?? (values.quick ? 0.1 : 1));

/** Runs the selected workloads, and keeps the results so far after each. Those of an earlier bench are kept. */
async function bench(): Promise<void> {
  const { data, memory, disk, docs } = values;
  const stage: Stage = { data, memory, disk, scale };
  const selected = new Set(values.only.split(',').map(Number));
  const kept = new KeptResults(values.results, scale);
  const results: Result[] = [];
  for (const notice of values.install ? installPeers(data) : []) process.stderr.write(`${notice}\n`);
  process.stdout.write(`${machine()}\n`);
  for (const workload of WORKLOADS.filter(({ number }) => selected.has(number))) {
    const outcomes = kept.of(workload.number) ?? (await runContests(workload, stage));
    kept.keep(workload.number, outcomes);
    results.push({ workload, outcomes });
  }
  process.stdout.write(`\n${asText(summaryTable(results))}`);
  if (docs !== undefined) writeDocuments(docs, `${machine()} Scale: ${scale}.`, results);
  const failed = results.flatMap(({ outcomes }) => outcomes.flatMap(failures));
  for (const failure of failed) process.stderr.write(`${failure}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function runContests(workload: Workload, stage: Stage): Promise<readonly Outcome[]> {
  const runs = Number(fixedRuns ?? workload.runs ?? RUNS);
  const outcomes: Outcome[] = [];
  process.stdout.write(`\n${heading(workload)}\n`);
  for await (const contest of workload.contests(stage)) {
    for (const outcome of await runContest(contest, runs)) {
      process.stdout.write(`\n${contestTitle(outcome)}\n${asText(contestTable(outcome))}`);
      outcomes.push(outcome);
    }
  }
  return outcomes;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await bench();
