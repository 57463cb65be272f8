import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import { stderrTail } from './stderr-tail.ts';

/** Limits of the captured output, in characters; the beginning is dropped. */
const MAX_STDOUT = 64e6;
const MAX_STDERR = 16e3;
/** Time between SIGTERM and SIGKILL, in ms. */
const GRACE_PERIOD = 5_000;

export interface CommandOptions {
  /** Describes a failure, after the name of the program: `failed to list images`. */
  readonly failure: string;
  /** What to do about a failure. */
  readonly hint: string;
  readonly signal: AbortSignal;
  /** Writes the program's input. When it throws, the program is killed, so that it never accepts truncated input. */
  readonly stdin?: ((stdin: Writable, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * Runs a program until it exits, without a shell and with the environment of this process.
 *
 * @returns its standard output
 * @throws AirgapError `RUNTIME` with the end of its output when it is not installed or fails; the signal's reason;
 * what `stdin` throws
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { failure, hint, signal, stdin = async () => {} }: CommandOptions,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args);
  const stdout = new OutputTail(child.stdout, MAX_STDOUT);
  const stderr = new OutputTail(child.stderr, MAX_STDERR);
  const exit = exitOf(child);
  const stop = () => stopChild(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const inputError = await writeStdin(child, stdin, AbortSignal.any([signal, exit.signal]));
    const { error, status } = await exit.ended;
    signal.throwIfAborted();
    if (error) throw cannotRun(program, error);
    if (inputError) throw inputError.error;
    if (status === 0) return stdout.text;
    const reason = stderrTail(stderr.text) || stderrTail(stdout.text) || exitReason(status);
    throw new AirgapError('RUNTIME', `${program} ${failure}: ${reason}`, { hint });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Writes the input of a program.
 *
 * @returns the error of `write`; nothing when the program stopped reading, because its exit status decides then
 */
async function writeStdin(
  child: ChildProcessWithoutNullStreams,
  write: NonNullable<CommandOptions['stdin']>,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | undefined> {
  const { stdin } = child;
  stdin.on('error', () => {});
  try {
    await write(stdin, signal);
    stdin.end();
    return undefined;
  } catch (error) {
    const stoppedReading = error === stdin.errored || isInterrupted(error);
    if (!stoppedReading) child.kill('SIGKILL');
    stdin.destroy();
    return stoppedReading ? undefined : { error };
  }
}

interface ExitResult {
  /** Exit status, or the signal that killed the program. */
  readonly status?: number | string | null;
  /** Why the program could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

function exitOf(child: ChildProcessWithoutNullStreams): {
  readonly ended: Promise<ExitResult>;
  /** Aborted as soon as the program exits, before its output is read completely. */
  readonly signal: AbortSignal;
} {
  const exited = new AbortController();
  const ended = new Promise<ExitResult>(resolve => {
    child.once('error', error => resolve({ error }));
    child.once('exit', () => exited.abort());
    child.once('close', (code, signal) => resolve({ status: code ?? signal }));
  });
  return { ended, signal: exited.signal };
}

function stopChild(child: ChildProcessWithoutNullStreams): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_PERIOD);
  child.once('exit', () => clearTimeout(timer));
}

/** Keeps the end of an output stream. */
class OutputTail {
  #chunks: string[] = [];
  #size = 0;

  constructor(stream: NodeJS.ReadableStream, limit: number) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      while (this.#size - (this.#chunks[0]?.length ?? 0) > limit)
        this.#size -= this.#chunks.shift()?.length ?? 0;
    });
  }

  get text(): string {
    return this.#chunks.join('');
  }
}

function exitReason(status: ExitResult['status']): string {
  return typeof status === 'string' ? `killed by ${status}` : `exit status ${status}`;
}

function cannotRun(program: string, cause: NodeJS.ErrnoException): AirgapError {
  const isMissing = cause.code === 'ENOENT';
  return new AirgapError(
    'RUNTIME',
    isMissing ? `${program} is not installed on this machine` : `cannot run ${program}: ${cause.code}`,
    { cause, hint: `Install ${program} or add it to the PATH, or load into a registry.` },
  );
}
