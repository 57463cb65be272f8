import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { AirgapError, isInterrupted } from '../model/errors.ts';
import { stderrTail } from './stderr-tail.ts';

/** The most that is kept of what a program prints, in characters. */
const MAX_OUTPUT = 64e6;
const MAX_COMPLAINT = 16e3;
/** Milliseconds that a program has to end once it is asked to. */
const GRACE = 5_000;

export interface CommandOptions {
  /** How a failure is called, after the program's name: `does not answer`. */
  readonly failure: string;
  /** What to do about it. */
  readonly hint: string;
  readonly signal: AbortSignal;
  /** Writes what the program reads. When it throws, the program is killed: a part must never pass for the whole. */
  readonly stdin?: ((stdin: Writable, signal: AbortSignal) => Promise<void>) | undefined;
}

/**
 * Runs a program of this machine to its end: without a shell, in the environment of this process.
 *
 * @returns what it printed
 * @throws AirgapError `RUNTIME` with its last words when it is not there or fails; the signal's reason; what `feed` throws
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { failure, hint, signal, stdin = async () => {} }: CommandOptions,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args);
  const output = new Tail(child.stdout, MAX_OUTPUT);
  const complaint = new Tail(child.stderr, MAX_COMPLAINT);
  const ending = endOf(child);
  const stop = () => stopChild(child);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const unfed = await writeStdin(child, stdin, AbortSignal.any([signal, ending.signal]));
    const { error, status } = await ending.end;
    signal.throwIfAborted();
    if (error) throw cannotRun(program, error);
    if (unfed) throw unfed.error;
    if (status === 0) return output.text;
    const words = stderrTail(complaint.text) || stderrTail(output.text) || `it ended with ${status}`;
    throw new AirgapError('RUNTIME', `${program} ${failure}: ${words}`, { hint });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Feeds the child. @returns the feed's own failure; a program that reads no more is judged by how it ends */
async function writeStdin(
  child: ChildProcessWithoutNullStreams,
  feed: NonNullable<CommandOptions['stdin']>,
  signal: AbortSignal,
): Promise<{ readonly error: unknown } | undefined> {
  const { stdin } = child;
  stdin.on('error', () => {});
  try {
    await feed(stdin, signal);
    stdin.end();
    return undefined;
  } catch (error) {
    const hasLeft = error === stdin.errored || isInterrupted(error);
    if (!hasLeft) child.kill('SIGKILL');
    stdin.destroy();
    return hasLeft ? undefined : { error };
  }
}

interface End {
  /** Its exit status, or the signal that has ended it. */
  readonly status?: number | string | null;
  /** Why it could not be started. */
  readonly error?: NodeJS.ErrnoException;
}

function endOf(child: ChildProcessWithoutNullStreams) {
  const ended = new AbortController();
  const end = new Promise<End>(resolve => {
    child.once('error', error => resolve({ error }));
    child.once('exit', () => ended.abort());
    child.once('close', (code, signal) => resolve({ status: code ?? signal }));
  });
  return { end, signal: ended.signal };
}

function stopChild(child: ChildProcessWithoutNullStreams): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
  child.once('exit', () => clearTimeout(timer));
}

/** The end of what a program says. */
class Tail {
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

function cannotRun(program: string, cause: NodeJS.ErrnoException): AirgapError {
  const isMissing = cause.code === 'ENOENT';
  return new AirgapError(
    'RUNTIME',
    isMissing ? `there is no ${program} on this machine` : `${program} cannot be run: ${cause.code}`,
    { cause, hint: `Install ${program}, or put it on the PATH; or load into a registry.` },
  );
}
