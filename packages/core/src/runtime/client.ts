import type { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { runCommand } from './command.ts';
import type { WriteBundle } from './runtime.ts';

/** The command line client of a runtime. */
export class Client {
  readonly #program: string;
  /** Flags before every subcommand. */
  readonly #flags: readonly string[];

  constructor(program: string, flags: readonly string[] = []) {
    this.#program = program;
    this.#flags = flags;
  }

  /** Runs the subcommand that lists images. @returns its standard output */
  query(args: readonly string[], signal: AbortSignal): Promise<string> {
    const hint = `Make sure that ${this.#commandLine(args)} works on this machine, then load again.`;
    const failure = 'failed to list images';
    return runCommand(this.#program, [...this.#flags, ...args], { failure, hint, signal });
  }

  /** Runs a subcommand that reads a bundle from standard input. */
  async import(args: readonly string[], stdin: WriteBundle, signal: AbortSignal): Promise<void> {
    const hint = 'Fix the reported problem, then load again.';
    const failure = 'failed to load the bundle';
    await runCommand(this.#program, [...this.#flags, ...args], { failure, hint, signal, stdin });
  }

  /** Parses JSON output. @throws AirgapError `RUNTIME` for anything else */
  parse<T>(text: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new AirgapError('RUNTIME', `unexpected output from ${this.#program}`, {
        cause,
        hint: `Make sure that ${this.#program} on the PATH is the runtime and not another program.`,
      });
    }
  }

  #commandLine(args: readonly string[]): string {
    return `"${[this.#program, ...this.#flags, ...args].join(' ')}"`;
  }
}
