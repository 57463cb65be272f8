import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AirgapError } from '@airgap/core';
import { tell } from './session.ts';

export interface PromptOptions {
  /** Whether the answer must not be seen. */
  readonly hidden?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** Asks a person at the terminal for one line. @throws AirgapError `USAGE` without a terminal, `INTERRUPTED` */
export async function prompt(question: string, { hidden = false, signal }: PromptOptions): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new AirgapError('USAGE', 'there is no terminal to ask for the user and the password', {
      hint: 'Name the user with -u, and send the password with --password-stdin.',
    });
  }
  const stopper = new AbortController();
  // In terminal mode it is readline that echoes, and here it has nowhere to.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  const stop = () => stopper.abort();
  lines.on('SIGINT', stop).on('close', stop);
  try {
    if (hidden) tell(question);
    return await lines.question(hidden ? '' : question, {
      signal: AbortSignal.any([signal, stopper.signal]),
    });
  } catch (cause) {
    throw new AirgapError('INTERRUPTED', 'interrupted', { cause });
  } finally {
    lines.close();
    if (hidden) tell('\n');
  }
}
