import { statSync } from 'node:fs';
import { type Measure, measure } from './measure.ts';
import type { Contest, Entrant, Point } from './workload.ts';

/** The result of one contest. */
export interface Outcome {
  readonly title: string;
  readonly point?: Point;
  readonly scores: readonly Score[];
}

/** The measurements of one entrant, run by run. */
export interface Score {
  readonly entrant: Entrant;
  readonly measures: readonly Measure[];
  /** Size of its output file in bytes. */
  readonly fileSize?: number;
  /** Why it failed. */
  readonly failure?: string;
}

/** Runs every entrant in turn, `runs` times. An entrant that fails is not run again. */
export async function runContest(
  { title, workDir, entrants, point }: Contest,
  runs: number,
): Promise<Outcome> {
  const scores: Score[] = entrants.map(entrant => ({ entrant, measures: [] }));
  for (let run = 0; run < runs; run += 1)
    for (const [at, score] of scores.entries()) {
      if (score.failure !== undefined) continue;
      workDir.clear();
      scores[at] = await turn(score, command => measure(command, workDir));
    }
  workDir.clear();
  return { title, scores, ...(point && { point }) };
}

async function turn(score: Score, run: (command: readonly string[]) => Promise<Measure>): Promise<Score> {
  const { entrant, measures } = score;
  try {
    await entrant.prepare?.();
    const measured = perRepeat(await run(entrant.command), entrant.repeat ?? 1);
    const size = entrant.file === undefined ? {} : { fileSize: statSync(entrant.file).size };
    await entrant.check?.();
    return { entrant, measures: [...measures, measured], ...size };
  } catch (error) {
    return { ...score, failure: error instanceof Error ? error.message : String(error) };
  }
}

function perRepeat({ seconds, cpu, memory, written }: Measure, times: number): Measure {
  return { seconds: seconds / times, cpu: cpu / times, memory, written: written / times };
}
