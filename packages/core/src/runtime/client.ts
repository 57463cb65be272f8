import type { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { runCommand } from './command.ts';
import type { WriteBundle } from './runtime.ts';

/** The command that a runtime is spoken to by. */
export class Client {
  readonly #program: string;
  /** What comes before every command. */
  readonly #flags: readonly string[];

  constructor(program: string, flags: readonly string[] = []) {
    this.#program = program;
    this.#flags = flags;
  }

  /** Asks something. @returns what it printed */
  query(args: readonly string[], signal: AbortSignal): Promise<string> {
    const hint = `See that ${this.#line(args)} works here, then load again.`;
    return runCommand(this.#program, [...this.#flags, ...args], { failure: 'does not answer', hint, signal });
  }

  /** Has it read a bundle. */
  async import(args: readonly string[], stdin: WriteBundle, signal: AbortSignal): Promise<void> {
    const hint = 'What it has taken so far does no harm: put right what it names, and load again.';
    const failure = 'has not taken the bundle';
    await runCommand(this.#program, [...this.#flags, ...args], { failure, hint, signal, stdin });
  }

  /** Reads an answer in JSON. @throws AirgapError `RUNTIME` when it is anything else */
  parse<T>(text: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new AirgapError('RUNTIME', `${this.#program} answers with what is no list of images`, {
        cause,
        hint: `See that ${this.#program} is what it is called: another program may answer to the name.`,
      });
    }
  }

  #line(args: readonly string[]): string {
    return `"${[this.#program, ...this.#flags, ...args].join(' ')}"`;
  }
}
