import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './chart.ts';
import { type Outcome, runContest } from './contest.ts';
import { installPeers } from './install.ts';
import { KeptResults } from './kept-results.ts';
import { machine } from './machine.ts';
import { contestTable, failures, type Result, summaryTable } from './report.ts';
import { asMarkdown, asText } from './table.ts';
import type { Stage, Workload } from './workload.ts';
import { WORKLOADS } from './workloads/index.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: WORKLOADS.map(({ number }) => number).join(',') },
    runs: { type: 'string' },
    scale: { type: 'string' },
    quick: { type: 'boolean', default: false },
    results: { type: 'string' },
    markdown: { type: 'string' },
    svg: { type: 'string' },
    data: { type: 'string', default: join(tmpdir(), 'airgap-bench') },
    memory: { type: 'string', default: '/dev/shm' },
    disk: { type: 'string', default: tmpdir() },
    install: { type: 'boolean', default: false },
  },
});

const runs = Number(values.runs ?? (values.quick ? 1 : 5));
const scale = Number(values.scale ?? (values.quick ? 0.1 : 1));

/** Runs the selected workloads, and writes the results so far after each. Those of an earlier bench are kept. */
async function bench(): Promise<void> {
  const { data, memory, disk, svg } = values;
  const stage: Stage = { data, memory, disk, scale, curves: svg !== undefined };
  const selected = new Set(values.only.split(',').map(Number));
  const kept = new KeptResults(values.results);
  const results: Result[] = [];
  for (const program of values.install ? installPeers(data) : [])
    process.stderr.write(`skipping ${program}: cannot be installed\n`);
  process.stdout.write(`${machine()}\n`);
  for (const workload of WORKLOADS.filter(({ number }) => selected.has(number))) {
    const outcomes = kept.of(workload.number) ?? (await runContests(workload, stage));
    kept.keep(workload.number, outcomes);
    results.push({ workload, outcomes });
    write(results);
  }
  process.stdout.write(`\n${asText(summaryTable(results))}`);
  const failed = results.flatMap(({ outcomes }) => outcomes.flatMap(failures));
  for (const failure of failed) process.stderr.write(`${failure}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

async function runContests(workload: Workload, stage: Stage): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  process.stdout.write(`\n${heading(workload)}\n`);
  for await (const contest of workload.contests(stage)) {
    const outcome = await runContest(contest, runs);
    process.stdout.write(`\n${outcome.title}\n${asText(contestTable(outcome))}`);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Writes all results so far, so that an interrupted bench keeps them. */
function write(results: readonly Result[]): void {
  const { markdown, svg } = values;
  if (markdown !== undefined) writeFileSync(markdown, document(results));
  const drawn = chart(results.flatMap(({ outcomes }) => outcomes));
  if (svg !== undefined && drawn !== undefined) writeFileSync(svg, drawn);
}

function document(results: readonly Result[]): string {
  const sections = results.flatMap(({ workload, outcomes }) => [
    `## ${heading(workload)}`,
    ...outcomes.flatMap(outcome => [
      `${outcome.title}:`,
      asMarkdown(contestTable(outcome)).trimEnd(),
      ...failures(outcome).map(firstLine),
    ]),
  ]);
  const conditions = `Runs: ${runs}; scale: ${scale}.`;
  const summary = asMarkdown(summaryTable(results)).trimEnd();
  return `${['# Results', machine(), conditions, summary, ...sections].join('\n\n')}\n`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function heading({ number, title }: Workload): string {
  return `${number}. ${title}`;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await bench();
