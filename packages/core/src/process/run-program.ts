import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { isInterrupted } from '../model/errors.ts';

/** In characters of standard output. */
const MAX_OUTPUT = 64e6;
/** How much of the end of stderr is kept, in characters. */
const MAX_STDERR = 16e3;
/** Time between SIGTERM and SIGKILL, in ms. */
const GRACE_PERIOD = 5_000;

/** Writes the input of a program. When it throws, the program is killed, so that it never accepts truncated input. */
export type WriteInput = (stdin: Writable, signal: AbortSignal) => Promise<void>;

/** Reads the standard output of a program, as bytes. When it throws, the program is killed. */
export type ReadOutput = (stdout: Readable) => Promise<void>;

export interface ProgramOptions {
  /** Standard input. Default: empty. */
  readonly input?: string | WriteInput | undefined;
  /** Reads standard output, which is then not in the result. */
  readonly output?: ReadOutput | undefined;
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** After which the program is killed, in ms. Default: never. */
  readonly timeout?: number | undefined;
  /** Above which the program is killed, in characters of its standard output. Default: 64 million. */
  readonly maxOutput?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why a program did not succeed. */
export interface ProgramFailure {
  /** It is not on the PATH, could not be started, took too long, wrote too much, or ended with an error. */
  readonly kind: 'missing' | 'start' | 'timeout' | 'output' | 'exit';
  /** In words, without its output, which may contain secrets. */
  readonly reason: string;
  readonly cause?: Error | undefined;
}

/** What a program wrote, and whether it succeeded. */
export interface ProgramResult {
  readonly stdout: string;
  /** Only its end. */
  readonly stderr: string;
  /** Undefined for exit status 0. */
  readonly failure: ProgramFailure | undefined;
}

/**
 * Runs a program until it ends, without a shell.
 *
 * @throws what `input` and `output` throw; the signal's reason. A program that fails is no error
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { input = '', output, env = process.env, timeout, maxOutput = MAX_OUTPUT, signal }: ProgramOptions = {},
): Promise<ProgramResult> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { env, windowsHide: true });
  let limit: ProgramFailure | undefined;
  const kill = (failure: ProgramFailure) => {
    limit ??= failure;
    child.kill('SIGKILL');
  };
  const reading = output && readOutput(child, output);
  const stdout = new Output(() => {
    if (stdout.size > maxOutput)
      kill({ kind: 'output', reason: `its output exceeds ${maxOutput.toLocaleString('en')} characters` });
  });
  if (!output) stdout.collect(child.stdout);
  const stderr = new Output(() => stderr.keepEnd(MAX_STDERR));
  stderr.collect(child.stderr);
  const late = { kind: 'timeout', reason: `timed out after ${(timeout ?? 0) / 1000} seconds` } as const;
  const timer = timeout === undefined ? undefined : setTimeout(() => kill(late), timeout);
  const stop = () => terminate(child);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const exit = exitOf(child);
    const signals = signal ? [signal, exit.signal] : [exit.signal];
    const inputError = await writeInput(child, input, AbortSignal.any(signals));
    const failure = await exit.failure;
    signal?.throwIfAborted();
    const outputError = await reading;
    if (outputError) throw outputError.error;
    if (inputError && failure?.kind !== 'missing' && failure?.kind !== 'start') throw inputError.error;
    return { stdout: stdout.text, stderr: stderr.text, failure: limit ?? failure };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Writes the input of a program.
 *
 * @returns the error of `input`; nothing when the program stopped reading, because its exit status decides then
 */
async function writeInput(
  child: ChildProcessWithoutNullStreams,
  input: string | WriteInput,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | undefined> {
  const { stdin } = child;
  stdin.on('error', () => {});
  if (typeof input === 'string') {
    stdin.end(input);
    return undefined;
  }
  try {
    await input(stdin, signal);
    stdin.end();
    return undefined;
  } catch (error) {
    const stoppedReading = error === stdin.errored || isInterrupted(error);
    if (!stoppedReading) child.kill('SIGKILL');
    stdin.destroy();
    return stoppedReading ? undefined : { error };
  }
}

/** Reads the output of a program. @returns the error of `output`, after which the program is killed */
async function readOutput(
  child: ChildProcessWithoutNullStreams,
  output: ReadOutput,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await output(child.stdout);
    return undefined;
  } catch (error) {
    child.kill('SIGKILL');
    child.stdout.destroy();
    return { error };
  }
}

function exitOf(child: ChildProcessWithoutNullStreams): {
  readonly failure: Promise<ProgramFailure | undefined>;
  /** Aborted as soon as the program exits, before its output is read completely. */
  readonly signal: AbortSignal;
} {
  const exited = new AbortController();
  const failure = new Promise<ProgramFailure | undefined>(resolve => {
    child.once('error', error => resolve(startFailure(error)));
    child.once('exit', () => exited.abort());
    child.once('close', (code, killedBy) => resolve(exitFailure(code, killedBy)));
  });
  return { failure, signal: exited.signal };
}

function startFailure(cause: NodeJS.ErrnoException): ProgramFailure {
  if (cause.code === 'ENOENT') return { kind: 'missing', reason: 'not found on PATH', cause };
  return { kind: 'start', reason: cause.code === 'EACCES' ? 'not executable' : cause.message, cause };
}

function exitFailure(status: number | null, signal: NodeJS.Signals | null): ProgramFailure | undefined {
  if (status === 0) return undefined;
  return { kind: 'exit', reason: status === null ? `killed by ${signal}` : `exit status ${status}` };
}

function terminate(child: ChildProcessWithoutNullStreams): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_PERIOD);
  child.once('exit', () => clearTimeout(timer));
}

/** Collects an output stream as text. */
class Output {
  readonly #onData: () => void;
  #chunks: string[] = [];
  /** In characters. */
  size = 0;

  constructor(onData: () => void) {
    this.#onData = onData;
  }

  collect(stream: NodeJS.ReadableStream): void {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#chunks.push(chunk);
      this.size += chunk.length;
      this.#onData();
    });
  }

  get text(): string {
    return this.#chunks.join('');
  }

  /** Drops chunks at the beginning that the last `limit` characters do not need. */
  keepEnd(limit: number): void {
    while (this.size - (this.#chunks[0]?.length ?? 0) > limit) this.size -= this.#chunks.shift()?.length ?? 0;
  }
}
