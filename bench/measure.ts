import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../test/support/programs/program.ts';
import type { WorkDir } from './work-dir.ts';

/** The resource usage of a command and its child processes. Times are seconds, sizes bytes. */
export interface Measure {
  readonly seconds: number;
  /** User and system time. */
  readonly cpu: number;
  /** Peak resident size of its largest process. */
  readonly memory: number;
  /** Bytes passed to write calls: files, pipes and sockets. */
  readonly written: number;
  /** The requests that the server of the contest has answered. */
  readonly requests?: number;
  readonly connections?: number;
  /** Bytes of the server's response bodies. */
  readonly received?: number;
  /** User and system time of the worker that used most. */
  readonly workerCpu?: number;
  /** Bytes that the worker uploaded that uploaded most. */
  readonly workerSent?: number;
}

/** Timeout in seconds. */
const LIMIT = 600;
/** The exit status of coreutils' timeout. */
const TIMED_OUT = 124;

/** The kernel adds the writes of children when they exit. Those of the last child (cat) are not counted. */
const COUNT_WRITES = '"$@"; status=$?; cat /proc/$$/io >"$0" 2>/dev/null; exit $status';

/**
 * Runs a command for at most ten minutes and measures it.
 *
 * @throws when it fails, with the end of its stderr
 */
export async function measure(command: readonly string[], workDir: WorkDir): Promise<Measure> {
  const usage = join(workDir.state, 'usage');
  const io = join(workDir.state, 'io');
  const time = findProgram('time') ?? 'time';
  const limited = ['timeout', String(LIMIT), ...command];
  const args = ['-q', '-o', usage, '-f', '%U %S %M', 'sh', '-c', COUNT_WRITES, io, ...limited];
  const started = performance.now();
  const child = spawn(time, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment(workDir) });
  let stderr = '';
  child.stderr.on('data', chunk => {
    stderr = (stderr + chunk).slice(-2000);
  });
  const status = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  const seconds = (performance.now() - started) / 1000;
  if (status === TIMED_OUT) throw new Error(`timed out after ${LIMIT} s`);
  if (status !== 0) throw new Error(`${command.join(' ')}: exit status ${status}: ${stderr.trim()}`);
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(usage, 'utf8').split(' ').map(Number);
  return { seconds, cpu: user + system, memory: kilobytes * 1024, written: writes(io) };
}

/** Hides the user's registry settings. */
function environment(workDir: WorkDir): NodeJS.ProcessEnv {
  return { ...process.env, DOCKER_CONFIG: '/nonexistent', REGCTL_CONFIG: join(workDir.state, 'regctl.json') };
}

/** Reads the bytes written. Linux only; 0 elsewhere. */
function writes(io: string): number {
  return Number(/^wchar: (\d+)/m.exec(readFileSync(io, 'utf8'))?.[1] ?? 0);
}
