import { type ExecFileException, execFile } from 'node:child_process';
import { AirgapError } from '../../model/errors.ts';

/** In milliseconds. */
const TIMEOUT = 60_000;
/** In bytes. */
const MAX_OUTPUT = 64e6;
/** In UTF-16 units of stderr: its end, where programs print the cause. */
const MAX_REASON = 500;

export interface RunOptions {
  /** Standard input of the program. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** In milliseconds. Default: one minute. */
  readonly timeout?: number;
}

/** Settings that keep helm and kustomize, and the git that kustomize runs, from the network. */
const OFFLINE = {
  ...Object.fromEntries(
    ['http_proxy', 'https_proxy', 'all_proxy'].flatMap(name =>
      [name, name.toUpperCase()].map(key => [key, 'http://127.0.0.1:9']),
    ),
  ),
  no_proxy: '',
  NO_PROXY: '',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
};

/** A local program that is looked for once, however often it runs. */
export class Program {
  readonly #name: string;
  #exists: Promise<boolean> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Runs the program like {@link runProgram}. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<string | undefined> {
    if (this.#exists && !(await this.#exists)) return undefined;
    const running = runProgram(this.#name, args, options);
    this.#exists ??= running.then(
      output => output !== undefined,
      () => true,
    );
    return running;
  }
}

/**
 * Runs a local program without a shell and without network, and returns its standard output; undefined if the program does not exist.
 *
 * @throws AirgapError `INPUT` with the program's stderr if it failed, timed out or exceeded the output limit
 */
export function runProgram(
  program: string,
  args: readonly string[],
  { input = '', signal, timeout = TIMEOUT }: RunOptions = {},
): Promise<string | undefined> {
  if (args.some(arg => arg.includes('\0')))
    return Promise.reject(
      new AirgapError('INPUT', `${program}: an argument contains a NUL character`, {
        hint: 'Remove the NUL character.',
      }),
    );
  const env = { ...process.env, ...OFFLINE };
  const options = { timeout, maxBuffer: MAX_OUTPUT, killSignal: 'SIGKILL' as const, env };
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = () => child.kill('SIGKILL');
    // execFile would keep its listener if the program does not exist.
    signal?.addEventListener('abort', abort);
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      signal?.removeEventListener('abort', abort);
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
  return endOf(stderr) || 'failed without an error message';
}

function endOf(stderr: string): string {
  // More than twice the limit, because blanks are joined.
  const text = stderr
    .slice(-4 * MAX_REASON)
    .trim()
    .replace(/\s+/g, ' ');
  return text.length > MAX_REASON ? `… ${text.slice(-MAX_REASON)}` : text;
}
