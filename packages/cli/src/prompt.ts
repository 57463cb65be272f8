import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AirgapError } from '@airgap/core';
import { stderr } from './session.ts';

export interface PromptOptions {
  /** Whether to hide the input. */
  readonly hidden?: boolean | undefined;
  readonly signal: AbortSignal;
  /** What is asked for, in the error without a terminal. */
  readonly what?: string;
  /** What to do without a terminal. */
  readonly hint?: string;
}

/** Reads one line from the terminal. @throws AirgapError `USAGE` without a terminal, `INTERRUPTED` on Ctrl-C */
export async function prompt(question: string, options: PromptOptions): Promise<string> {
  const {
    hidden = false,
    signal,
    what = 'username and password',
    hint = 'Pass the username with -u and the password with --password-stdin.',
  } = options;
  if (!process.stdin.isTTY) {
    throw new AirgapError('USAGE', `cannot prompt for ${what}: standard input is not a terminal`, { hint });
  }
  const stopper = new AbortController();
  // In terminal mode readline echoes the input to its output. A hidden prompt discards it.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  const stop = () => stopper.abort();
  lines.on('SIGINT', stop).on('close', stop);
  try {
    if (hidden) stderr(question);
    return await lines.question(hidden ? '' : question, {
      signal: AbortSignal.any([signal, stopper.signal]),
    });
  } catch (cause) {
    throw new AirgapError('INTERRUPTED', 'interrupted', { cause });
  } finally {
    lines.close();
    if (hidden) stderr('\n');
  }
}
