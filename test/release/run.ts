import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface RunResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  readonly cwd?: string;
  /** The whole environment: nothing is inherited unless it is given. */
  readonly env?: Record<string, string | undefined>;
}

/** Runs a command to its end, with an empty environment unless one is given. */
export async function run(
  [program, ...args]: readonly [string, ...string[]],
  { cwd = ROOT, env = {} }: RunSettings = {},
): Promise<RunResult> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => (stdout += chunk));
  child.stderr.on('data', chunk => (stderr += chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { status, stdout, stderr };
}

/** Runs a command with this process's environment. Rejects with its output when it fails. */
export async function mustRun(
  command: readonly [string, ...string[]],
  { cwd, env }: RunSettings = {},
): Promise<string> {
  const { status, stdout, stderr } = await run(command, {
    ...(cwd && { cwd }),
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: exit status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs dist.js. @returns nothing; what it writes is in the folder */
export async function dist(out: string, ...flags: string[]): Promise<void> {
  await mustRun([process.execPath, 'packages/cli/dist-tools/dist.js', '--out', out, ...flags]);
}
