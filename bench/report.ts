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

/** Creates the table of one contest: every entrant with its spread, compared with airgap. */
export function contestTable(outcome: Outcome): Table {
  const { ours } = rank(outcome);
  return {
    head: ['', 'min s', 'median s', 'max s', 'vs airgap', 'CPU s', 'memory MB', 'written/size'],
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
          ours ? (Math.max(...of(ours, 'memory')) / 1e6).toFixed(0) : '',
        ];
      }),
    ),
  };
}

function of(score: Score, what: keyof Measure): number[] {
  return score.measures.map(measured => measured[what]);
}

function spread(score: Score): number[] {
  const list = of(score, 'seconds');
  return [Math.min(...list), median(score, 'seconds'), Math.max(...list)];
}

/** Returns bytes written as a multiple of the file size. Empty for the floor, whose pipes count as writes. */
function written(score: Score): string {
  if (score.fileSize === undefined || score.entrant.kind === 'floor') return '';
  return times(median(score, 'written') / score.fileSize, 3);
}

function seconds(value: number): string {
  return value.toFixed(value < 1 ? 3 : 1);
}

function times(value: number | undefined, digits = 2): string {
  return value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}
