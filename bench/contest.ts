import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Measure, measure } from './measure.ts';
import { isRepeated } from './repeat.ts';
import { trafficOf } from './traffic.ts';
import type { Contest, Entrant } from './workload.ts';

/** The result of one contest. */
export interface Outcome {
  readonly title: string;
  readonly scores: readonly Score[];
}

/** The measurements of one entrant, run by run. */
export interface Score {
  readonly entrant: Pick<Entrant, 'name' | 'kind'>;
  readonly measures: readonly Measure[];
  /** Size of its output file in bytes. */
  readonly fileSize?: number;
  /** Why it failed. */
  readonly failure?: string;
}

/** All turns of an entrant. */
interface Tally {
  readonly entrant: Entrant;
  /** The measurements of each turn, one for each title. */
  readonly turns: readonly (readonly Measure[])[];
  readonly fileSize?: number;
  readonly failure?: string;
}

/** ms until a server has logged a request that its client has seen the end of. */
const LOGGED = 100;

/**
 * Runs every entrant in turn, `runs` times. An entrant that fails is not run again, and neither is a slow peer.
 *
 * @returns an outcome for each title
 */
export async function runContest(contest: Contest, runs: number): Promise<Outcome[]> {
  const { titles, workDir, entrants } = contest;
  const tallies: Tally[] = entrants.map(entrant => ({ entrant, turns: [] }));
  for (let run = 0; run < runs; run += 1)
    for (const [at, tally] of tallies.entries()) {
      const isDue = tally.failure === undefined && isRepeated(at, outcomesOf(titles, tallies));
      if (!isDue) continue;
      workDir.clear();
      tallies[at] = await turn(contest, tally);
    }
  workDir.clear();
  return outcomesOf(titles, tallies);
}

function outcomesOf(titles: readonly string[], tallies: readonly Tally[]): Outcome[] {
  return titles.map((title, at) => ({ title, scores: tallies.map(tally => scoreOf(tally, at)) }));
}

function scoreOf({ entrant: { name, kind }, turns, fileSize, failure }: Tally, title: number): Score {
  return {
    entrant: { name, kind },
    measures: turns.flatMap(measures => measures[title] ?? []),
    ...(fileSize !== undefined && { fileSize }),
    ...(failure !== undefined && { failure }),
  };
}

async function turn(contest: Contest, tally: Tally): Promise<Tally> {
  const { entrant, turns } = tally;
  const isOurs = entrant.kind === 'ours' || entrant.kind === 'variant';
  // Checks take as long as many runs. Another program that was right once is trusted afterwards.
  const isChecked = isOurs || turns.length === 0;
  const measures: Measure[] = [];
  try {
    await entrant.prepare?.();
    for (const _ of contest.titles) {
      measures.push(await run(contest, entrant));
      if (isChecked) await entrant.check?.();
    }
    const size = entrant.file === undefined ? {} : { fileSize: statSync(entrant.file).size };
    return { entrant, turns: [...turns, measures], ...size };
  } catch (error) {
    return { ...tally, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Runs an entrant once. What its server has logged is counted after the clock has stopped. */
async function run({ workDir, server }: Contest, entrant: Entrant): Promise<Measure> {
  const before = server?.responses().length;
  const measured = perRepeat(await measure(entrant.command, workDir), entrant.repeat ?? 1);
  await sleep(LOGGED);
  return {
    ...measured,
    ...(server && trafficOf(server.responses().slice(before))),
    ...entrant.more?.(),
  };
}

function perRepeat({ seconds, cpu, memory, written }: Measure, times: number): Measure {
  return { seconds: seconds / times, cpu: cpu / times, memory, written: written / times };
}
