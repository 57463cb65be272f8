import type { Outcome, Score } from './contest.ts';
import type { Measure } from './measure.ts';

/** The scores that the others are compared with; undefined if all entrants of that kind failed. */
export interface Ranking {
  readonly ours: Score | undefined;
  /** The peer with the smallest median. */
  readonly fastest: Score | undefined;
  readonly floor: Score | undefined;
}

/** Ranks the entrants that did not fail. */
export function rank({ scores }: Outcome): Ranking {
  const finished = scores.filter(({ failure }) => failure === undefined);
  const of = (kind: string) =>
    finished
      .filter(({ entrant }) => entrant.kind === kind)
      .sort((a, b) => median(a, 'seconds') - median(b, 'seconds'))[0];
  return { ours: of('ours'), fastest: of('peer'), floor: of('floor') };
}

/** Returns the median of the runs; for an even number, the upper of the two; NaN if it was not measured. */
export function median(score: Score, what: keyof Measure): number {
  const sorted = score.measures.flatMap(measured => measured[what] ?? []).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Returns the ratio of two medians; undefined if a score is missing. */
export function ratio(
  of: Score | undefined,
  to: Score | undefined,
  what: keyof Measure = 'seconds',
): number | undefined {
  if (of === undefined || to === undefined) return undefined;
  return median(of, what) / median(to, what);
}
