import type { Outcome, Score } from './contest.ts';

/** A peer that takes longer than this multiple of the fastest one is run once. */
const SLOW = 1.25;
/** So is one that takes longer, in seconds. */
const LONG = 60;

/**
 * Whether an entrant takes another turn. Only the fastest peer is compared with airgap, so the spread of much slower
 * peers is not worth their time. One that is fast in any of the contest's outcomes stays.
 *
 * @param at its position among the scores
 * @param outcomes so far
 */
export function isRepeated(at: number, outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ scores }) => {
    const seconds = firstSeconds(scores[at]);
    if (seconds === undefined || scores[at]?.entrant.kind !== 'peer') return true;
    const peers = scores.filter(({ entrant }) => entrant.kind === 'peer');
    const fastest = Math.min(...peers.flatMap(peer => firstSeconds(peer) ?? []));
    return seconds <= SLOW * fastest && seconds <= LONG;
  });
}

/** The time of its first run; undefined before. */
function firstSeconds(score: Score | undefined): number | undefined {
  return score?.measures[0]?.seconds;
}
