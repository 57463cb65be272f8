import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/programs/program.ts';
import type { Place } from './place.ts';

/** What a command took, the processes that it started included. Times are seconds, sizes bytes. */
export interface Measure {
  readonly seconds: number;
  /** Of the user and of the system. */
  readonly cpu: number;
  /** The most that its largest process held. */
  readonly memory: number;
  /** Handed to the operating system in writes: to files, pipes and sockets. */
  readonly written: number;
}

/** In seconds: nobody waits longer for what takes the others a few. */
const LIMIT = 600;
/** What coreutils' timeout says then. */
const TIMED_OUT = 124;

/** Its children's writes are counted once they have ended, the last one's (cat) never. */
const COUNT_WRITES = '"$@"; status=$?; cat /proc/$$/io >"$0" 2>/dev/null; exit $status';

/**
 * Runs a command to its end, for ten minutes at most.
 *
 * @throws when it fails, with the last of what it said
 */
export async function measure(command: readonly string[], place: Place): Promise<Measure> {
  const usage = join(place.notes, 'usage');
  const io = join(place.notes, 'io');
  const time = findProgram('time') ?? 'time';
  const limited = ['timeout', String(LIMIT), ...command];
  const args = ['-q', '-o', usage, '-f', '%U %S %M', 'sh', '-c', COUNT_WRITES, io, ...limited];
  const started = performance.now();
  const child = spawn(time, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(place) });
  let said = '';
  child.stderr.on('data', chunk => {
    said = (said + chunk).slice(-2000);
  });
  const status = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  const seconds = (performance.now() - started) / 1000;
  if (status === TIMED_OUT) throw new Error(`not done after ${LIMIT} s`);
  if (status !== 0) throw new Error(`${command.join(' ')}: exit status ${status}: ${said.trim()}`);
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(usage, 'utf8').split(' ').map(Number);
  return { seconds, cpu: user + system, memory: kilobytes * 1024, written: writes(io) };
}

/** Nothing that a user's own settings say of registries. */
function environment(place: Place): NodeJS.ProcessEnv {
  return { ...process.env, DOCKER_CONFIG: '/nonexistent', REGCTL_CONFIG: join(place.notes, 'regctl.json') };
}

/** Linux only; 0 elsewhere. */
function writes(io: string): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(io, 'utf8'))?.[1] ?? 0);
}
