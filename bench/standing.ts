import type { Outcome, Score } from './contest.ts';
import type { Measure } from './measure.ts';

/** Those of a contest that the others are compared with, unless all of their kind have dropped out. */
export interface Standing {
  readonly ours: Score | undefined;
  /** The peer whose median is the smallest. */
  readonly fastest: Score | undefined;
  readonly floor: Score | undefined;
}

/** Whoever has not dropped out. */
export function standing({ scores }: Outcome): Standing {
  const finished = scores.filter(({ failure }) => failure === undefined);
  const of = (kind: string) =>
    finished
      .filter(({ entrant }) => entrant.kind === kind)
      .sort((a, b) => median(a, 'seconds') - median(b, 'seconds'))[0];
  return { ours: of('ours'), fastest: of('peer'), floor: of('floor') };
}

/** The middle one of what the runs took; of two, the larger. */
export function median(score: Score, what: keyof Measure): number {
  const sorted = score.measures.map(one => one[what]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How many times one took what the other did, in the median; nothing without either. */
export function ratio(
  of: Score | undefined,
  to: Score | undefined,
  what: keyof Measure = 'seconds',
): number | undefined {
  if (of === undefined || to === undefined) return undefined;
  return median(of, what) / median(to, what);
}
