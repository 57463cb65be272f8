import { type ExecFileException, execFile } from 'node:child_process';
import { AirgapError } from '../../model/errors.ts';

const TIMEOUT = 60_000;
/** In bytes. */
const MAX_OUTPUT = 64e6;
const MAX_REASON = 500;

export interface RunOptions {
  /** What the program reads from its standard input. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds; a minute unless it says otherwise. */
  readonly timeout?: number;
}

/**
 * Runs a program of this machine, without a shell, and returns what it printed; nothing when there is no such program.
 *
 * @throws AirgapError `INPUT` with what the program said when it failed, took too long or printed without end
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { input = '', signal, timeout = TIMEOUT }: RunOptions = {},
): Promise<string | undefined> {
  const options = { timeout, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL' as const, signal };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (signal?.aborted) reject(signal.reason);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(failure(program, error, stderr));
    });
    // A program that ends before it has read everything is judged by how it ended.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function failure(program: string, error: ExecFileException, stderr: string): AirgapError {
  return new AirgapError('INPUT', `${program}: ${reasonOf(error, stderr)}`, {
    cause: error,
    hint: `Mend it so that ${program} renders it, or give the rendered YAML instead.`,
  });
}

function reasonOf({ code, killed, message }: ExecFileException, stderr: string): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return 'it printed too much';
  if (killed) return 'it took too long';
  // A number is the program's own exit status; a word says why it could not be run.
  const said = typeof code === 'string' ? message : stderr.trim().replace(/\s+/g, ' ').slice(0, MAX_REASON);
  return said || 'it failed without a word';
}
