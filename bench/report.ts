import type { Outcome, Score } from './contest.ts';
import type { Measure } from './measure.ts';
import { median, ratio, standing } from './standing.ts';
import type { Table } from './table.ts';
import type { Workload } from './workload.ts';

/** A workload with what came of its contests. */
export interface Result {
  readonly workload: Workload;
  readonly outcomes: readonly Outcome[];
}

/** One contest: every entrant with its spread, and compared with ours. */
export function contestTable(outcome: Outcome): Table {
  const { ours } = standing(outcome);
  return {
    head: ['', 'seconds: min', 'median', 'max', 'to airgap', 'CPU s', 'memory MB', 'written'],
    rows: outcome.scores.map(score => {
      const { entrant, failure } = score;
      if (failure !== undefined) return [entrant.name, 'failed'];
      return [
        entrant.name,
        ...spread(score).map(seconds),
        times(ratio(score, ours)),
        seconds(median(score, 'cpu')),
        (Math.max(...of(score, 'memory')) / 1e6).toFixed(0),
        written(score),
      ];
    }),
  };
}

/** Who has dropped out of a contest, and why: a line each. */
export function failures({ title, scores }: Outcome): string[] {
  return scores.flatMap(({ entrant, failure }) =>
    failure === undefined ? [] : [`${title}: ${entrant.name}: ${failure}`],
  );
}

/** All contests: ours against the fastest peer and against the floor. */
export function summaryTable(results: readonly Result[]): Table {
  return {
    head: [
      'workload',
      'airgap s',
      'fastest peer',
      'its s',
      'ratio',
      'to the floor',
      'CPU to its',
      'memory MB',
    ],
    rows: results.flatMap(({ workload, outcomes }) =>
      outcomes.map(outcome => {
        const { ours, fastest, floor } = standing(outcome);
        return [
          `${workload.number} ${workload.title}: ${outcome.title}`,
          ours ? seconds(median(ours, 'seconds')) : 'failed',
          fastest?.entrant.name ?? '',
          fastest ? seconds(median(fastest, 'seconds')) : '',
          times(ratio(fastest, ours)),
          times(ratio(ours, floor)),
          times(ratio(ours, fastest, 'cpu')),
          ours ? (Math.max(...of(ours, 'memory')) / 1e6).toFixed(0) : '',
        ];
      }),
    ),
  };
}

function of(score: Score, what: keyof Measure): number[] {
  return score.measures.map(one => one[what]);
}

function spread(score: Score): number[] {
  const list = of(score, 'seconds');
  return [Math.min(...list), median(score, 'seconds'), Math.max(...list)];
}

/** How many times what is in the one file has been written; the floor's pipes would count as well. */
function written(score: Score): string {
  return score.fileSize === undefined || score.entrant.kind === 'floor'
    ? ''
    : times(median(score, 'written') / score.fileSize, 3);
}

function seconds(value: number): string {
  return value.toFixed(value < 1 ? 3 : 1);
}

function times(value: number | undefined, digits = 2): string {
  return value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}
