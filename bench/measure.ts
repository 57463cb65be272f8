import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a command took. Times are seconds, sizes bytes. */
export interface Measure {
  readonly seconds: number;
  /** Bytes handed to the operating system by the process itself, its children not counted. */
  readonly written: number;
  /** The most memory that it held. */
  readonly memory: number;
}

const POLL = 10;

/**
 * Runs a command to its end. Rejects when it fails.
 *
 * @param file has to be on its disk, and not only in memory, before the time stops
 */
export async function measure(command: string, args: readonly string[], file: string): Promise<Measure> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  let written = 0;
  let memory = 0;
  const timer = setInterval(() => {
    written = Math.max(written, field(child.pid, 'io', 'wchar'));
    memory = Math.max(memory, field(child.pid, 'status', 'VmHWM') * 1024);
  }, POLL);
  const status = await new Promise(resolve => child.on('close', resolve));
  clearInterval(timer);
  spawnSync('sync', [file]);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${said.slice(-2000)}`);
  return { seconds: (performance.now() - started) / 1000, written, memory };
}

/** Linux only; 0 elsewhere and once the process has ended. */
function field(pid: number | undefined, file: string, name: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
