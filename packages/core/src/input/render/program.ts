import { type ExecFileException, execFile } from 'node:child_process';
import { AirgapError } from '../../model/errors.ts';

/** In milliseconds. */
const TIMEOUT = 60_000;
/** In bytes. */
const MAX_OUTPUT = 64e6;
/** In UTF-16 units of stderr. */
const MAX_REASON = 500;

export interface RunOptions {
  /** Standard input of the program. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. Default: one minute. */
  readonly timeout?: number;
}

/**
 * Runs a local program without a shell and returns its standard output; undefined if the program does not exist.
 *
 * @throws AirgapError `INPUT` with the program's stderr if it failed, timed out or exceeded the output limit
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
      else reject(programError(program, error, stderr));
    });
    // A program may exit without reading all of its input; its exit status decides.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function programError(program: string, error: ExecFileException, stderr: string): AirgapError {
  return new AirgapError('INPUT', `${program}: ${reasonOf(error, stderr)}`, {
    cause: error,
    hint: `Fix the input so that ${program} can render it, or pass the rendered YAML instead.`,
  });
}

function reasonOf({ code, killed, message }: ExecFileException, stderr: string): string {
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `output exceeds ${MAX_OUTPUT / 1e6} MB`;
  if (killed) return 'timed out';
  // A string is the system error of a program that could not be started; a number is its exit status.
  if (typeof code === 'string') return message;
  return stderr.trim().replace(/\s+/g, ' ').slice(0, MAX_REASON) || 'failed without an error message';
}
