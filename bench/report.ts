import type { Outcome, Score } from './contest.ts';
import type { Measure } from './measure.ts';
import { median, rank, ratio } from './ranking.ts';
import type { Table } from './table.ts';
import type { Workload } from './workload.ts';

/** A workload with the outcomes of its contests. */
export interface Result {
  readonly workload: Workload;
  readonly outcomes: readonly Outcome[];
}

/** A column of a contest's table. Empty cells are measurements that the entrant does not have. */
interface Column {
  readonly head: string;
  cell(score: Score, ours: Score | undefined): string;
}

const COLUMNS: readonly Column[] = [
  { head: 'min s', cell: score => seconds(Math.min(...of(score, 'seconds'))) },
  { head: 'median s', cell: score => seconds(median(score, 'seconds')) },
  { head: 'max s', cell: score => seconds(Math.max(...of(score, 'seconds'))) },
  { head: 'vs airgap', cell: (score, ours) => times(ratio(score, ours)) },
  { head: 'CPU s', cell: score => seconds(median(score, 'cpu')) },
  { head: 'memory MB', cell: score => megabytes(Math.max(...of(score, 'memory'))) },
  { head: 'written/size', cell: written },
  { head: 'requests', cell: score => whole(median(score, 'requests')) },
  { head: 'connections', cell: score => whole(median(score, 'connections')) },
  { head: 'received MB', cell: score => megabytes(median(score, 'received')) },
  { head: 'CPU s/worker', cell: score => seconds(median(score, 'workerCpu')) },
  { head: 'MB/worker', cell: score => megabytes(median(score, 'workerSent')) },
];

/** Creates the table of one contest: every entrant with its spread, compared with airgap. Empty columns are left out. */
export function contestTable(outcome: Outcome): Table {
  const { ours } = rank(outcome);
  const finished = outcome.scores.filter(({ failure }) => failure === undefined);
  const columns = COLUMNS.filter(({ cell }) => finished.some(score => cell(score, ours) !== ''));
  return {
    head: ['', ...columns.map(({ head }) => head)],
    rows: outcome.scores.map(score => {
      if (score.failure !== undefined) return [score.entrant.name, 'failed'];
      return [label(score, runsOf(outcome)), ...columns.map(({ cell }) => cell(score, ours))];
    }),
  };
}

/** Returns the title of a contest with the number of runs. */
export function contestTitle(outcome: Outcome): string {
  return `${outcome.title}, ${runsLabel(runsOf(outcome))}`;
}

/** Returns a line for each entrant that failed, with the reason. */
export function failures({ title, scores }: Outcome): string[] {
  return scores.flatMap(({ entrant, failure }) =>
    failure === undefined ? [] : [`${title}: ${entrant.name}: ${failure}`],
  );
}

/** Creates the summary of all contests: airgap against the fastest peer and the floor. */
export function summaryTable(results: readonly Result[]): Table {
  return {
    head: ['workload', 'airgap s', 'fastest peer', 'peer s', 'ratio', 'vs floor', 'CPU vs peer', 'memory MB'],
    rows: results.flatMap(({ workload, outcomes }) =>
      outcomes.map(outcome => {
        const { ours, fastest, floor } = rank(outcome);
        return [
          `${workload.number} ${workload.title}: ${outcome.title}`,
          ours ? seconds(median(ours, 'seconds')) : 'failed',
          fastest?.entrant.name ?? '',
          fastest ? seconds(median(fastest, 'seconds')) : '',
          times(ratio(fastest, ours)),
          times(ratio(ours, floor)),
          times(ratio(ours, fastest, 'cpu')),
          ours ? megabytes(Math.max(...of(ours, 'memory'))) : '',
        ];
      }),
    ),
  };
}

/** Formats seconds with as many digits as count. Empty for NaN. */
export function seconds(value: number): string {
  return fixed(value, value < 1 ? 3 : 1);
}

function runsOf({ scores }: Outcome): number {
  return Math.max(...scores.map(({ measures }) => measures.length));
}

/** Returns the name of an entrant, with its number of runs if the others ran more often. */
function label({ entrant, measures }: Score, runs: number): string {
  return measures.length === runs ? entrant.name : `${entrant.name} (${runsLabel(measures.length)})`;
}

function runsLabel(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}

function of(score: Score, what: keyof Measure): number[] {
  return score.measures.flatMap(measured => measured[what] ?? []);
}

/** Returns bytes written as a multiple of the file size. Empty for the floor, whose pipes count as writes. */
function written(score: Score): string {
  if (score.fileSize === undefined || score.entrant.kind === 'floor') return '';
  return times(median(score, 'written') / score.fileSize, 3);
}

function times(value: number | undefined, digits = 2): string {
  return value === undefined ? '' : fixed(value, digits);
}

function megabytes(bytes: number): string {
  return whole(bytes / 1e6);
}

function whole(value: number): string {
  return fixed(value, 0);
}

function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}
