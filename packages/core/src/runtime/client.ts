import type { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { outputTail } from '../process/output-tail.ts';
import { type ProgramFailure, type ReadOutput, runProgram, type WriteInput } from '../process/run-program.ts';
import type { WriteBundle } from './runtime.ts';

interface CommandOptions {
  /** Describes a failure, after the name of the program: `failed to list images`. */
  readonly failed: string;
  /** What to do about a failure. */
  readonly hint: string;
  readonly signal: AbortSignal;
  readonly input?: WriteInput | undefined;
  readonly output?: ReadOutput | undefined;
}

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
    const hint = `Make sure that ${this.#commandLine(args)} works on this machine, then run airgap again.`;
    return this.#run(args, { failed: 'failed to list images', hint, signal });
  }

  /** Runs a subcommand that reads a bundle from standard input. */
  async import(args: readonly string[], input: WriteBundle, signal: AbortSignal): Promise<void> {
    const hint = 'Fix the reported problem, then load again.';
    await this.#run(args, { failed: 'failed to load the bundle', hint, signal, input });
  }

  /** Runs a subcommand that writes images to standard output. */
  async export(args: readonly string[], output: ReadOutput, signal: AbortSignal): Promise<void> {
    const hint = 'Fix the reported problem, or push the images to a registry and build without --from.';
    await this.#run(args, { failed: 'failed to export the images', hint, signal, output });
  }

  /** Parses JSON output. @throws AirgapError `RUNTIME` for anything else */
  parse<T>(text: string, schema: z.ZodType<T>): T {
    const result = schema.safeParse(parseJson(text));
    if (result.success) return result.data;
    throw new AirgapError('RUNTIME', `unexpected output from ${this.#program}`, {
      cause: result.error,
      hint: `Make sure that ${this.#program} on the PATH is the runtime and not another program.`,
    });
  }

  /** @throws AirgapError `RUNTIME` with the end of the output when the program is not installed or fails */
  async #run(args: readonly string[], { failed, hint, ...options }: CommandOptions): Promise<string> {
    const run = await runProgram(this.#program, [...this.#flags, ...args], options);
    const { stdout, stderr, failure } = run;
    if (failure === undefined) return stdout;
    if (failure.kind === 'missing' || failure.kind === 'start') throw this.#cannotRun(failure);
    const output = failure.kind === 'exit' ? outputTail(stderr) || outputTail(stdout) : '';
    throw new AirgapError('RUNTIME', `${this.#program} ${failed}: ${output || failure.reason}`, { hint });
  }

  #cannotRun({ kind, reason, cause }: ProgramFailure): AirgapError {
    const program = this.#program;
    const message =
      kind === 'missing' ? `${program} is not installed on this machine` : `cannot run ${program}: ${reason}`;
    const hint = `Install ${program} or add it to the PATH, or use a registry.`;
    return new AirgapError('RUNTIME', message, { cause, hint });
  }

  #commandLine(args: readonly string[]): string {
    return `"${[this.#program, ...this.#flags, ...args].join(' ')}"`;
  }
}
