import { execFile } from 'node:child_process';
import { AirgapError } from '../../errors.ts';

/** In milliseconds. */
const TIMEOUT = 60_000;
/** In bytes. */
const MAX_OUTPUT = 64e6;
const MAX_REASON = 500;

export interface RunOptions {
  /** What the program reads from its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program of this machine, without a shell, and returns what it printed; nothing when there is no such program.
 *
 * @throws AirgapError `INPUT` with what the program said when it failed, ran for a minute or printed without end
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { input = '', signal }: RunOptions = {},
): Promise<string | undefined> {
  const options = { timeout: TIMEOUT, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL' as const, signal };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (signal?.aborted) reject(signal.reason);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(failure(program, error.killed ? 'it took too long, or printed too much' : stderr));
    });
    // A program that ends before it has read everything is judged by how it ended.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function failure(program: string, stderr: string): AirgapError {
  const reason = stderr.trim().replace(/\s+/g, ' ').slice(0, MAX_REASON) || 'it failed without a word';
  return new AirgapError('INPUT', `${program}: ${reason}`, {
    hint: `Mend it so that ${program} renders it, or give the rendered YAML instead.`,
  });
}
