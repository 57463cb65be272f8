import { statSync } from 'node:fs';
import { type Measure, measure } from './measure.ts';
import type { Contest, Entrant, Point } from './workload.ts';

/** What came of one contest. */
export interface Outcome {
  readonly title: string;
  readonly point?: Point;
  readonly scores: readonly Score[];
}

/** What one entrant took, run by run. */
export interface Score {
  readonly entrant: Entrant;
  readonly measures: readonly Measure[];
  /** Size in bytes of the one file that it makes. */
  readonly fileSize?: number;
  /** Why it has dropped out. */
  readonly failure?: string;
}

/** Gives every entrant a turn, as often as there are runs; one that fails has no more turns. */
export async function hold({ title, place, entrants, point }: Contest, runs: number): Promise<Outcome> {
  const scores: Score[] = entrants.map(entrant => ({ entrant, measures: [] }));
  for (let run = 0; run < runs; run += 1)
    for (const [at, score] of scores.entries()) {
      if (score.failure !== undefined) continue;
      place.clear();
      scores[at] = await turn(score, measured => measure(measured, place));
    }
  place.clear();
  return { title, scores, ...(point && { point }) };
}

async function turn(
  score: Score,
  measured: (command: readonly string[]) => Promise<Measure>,
): Promise<Score> {
  const { entrant, measures } = score;
  try {
    await entrant.prepare?.();
    const once = share(await measured(entrant.command), entrant.repeat ?? 1);
    const size = entrant.file === undefined ? {} : { fileSize: statSync(entrant.file).size };
    await entrant.check?.();
    return { entrant, measures: [...measures, once], ...size };
  } catch (error) {
    return { ...score, failure: error instanceof Error ? error.message : String(error) };
  }
}

function share({ seconds, cpu, memory, written }: Measure, times: number): Measure {
  return { seconds: seconds / times, cpu: cpu / times, memory, written: written / times };
}
