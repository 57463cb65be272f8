import { AirgapError } from '../../model/errors.ts';
import { outputTail } from '../../process/output-tail.ts';
import { type ProgramOptions, type ProgramResult, runProgram } from '../../process/run-program.ts';

/** In milliseconds. */
const TIMEOUT = 60_000;

export type RenderOptions = Pick<ProgramOptions, 'input' | 'signal' | 'timeout'>;

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

/** A local program that renders input. Once it was not found, it is not looked for again. */
export class Renderer {
  readonly #program: string;
  #isMissing = false;

  constructor(program: string) {
    this.#program = program;
  }

  /** Runs the program like {@link render}. */
  async run(args: readonly string[], options: RenderOptions = {}): Promise<string | undefined> {
    if (this.#isMissing) return undefined;
    const output = await render(this.#program, args, options);
    this.#isMissing ||= output === undefined;
    return output;
  }
}

/**
 * Runs a local program without network, and returns its standard output; undefined if the program does not exist.
 *
 * @param options.timeout in ms. Default: one minute
 * @throws AirgapError `INPUT` with the program's stderr if it failed, timed out or exceeded the output limit
 */
export async function render(
  program: string,
  args: readonly string[],
  { timeout = TIMEOUT, ...options }: RenderOptions = {},
): Promise<string | undefined> {
  if (args.some(arg => arg.includes('\0')))
    throw new AirgapError('INPUT', `${program}: an argument contains a NUL character`, {
      hint: 'Remove the NUL character.',
    });
  const env = { ...process.env, ...OFFLINE };
  const result = await runProgram(program, args, { ...options, timeout, env });
  if (result.failure === undefined) return result.stdout;
  if (result.failure.kind === 'missing') return undefined;
  throw new AirgapError('INPUT', `${program}: ${reasonOf(result)}`, {
    cause: result.failure.cause,
    hint: `Fix the input so that ${program} can render it, or pass the rendered YAML instead.`,
  });
}

function reasonOf({ failure, stderr }: ProgramResult): string | undefined {
  if (failure?.kind !== 'exit') return failure?.reason;
  return outputTail(stderr) || `failed without an error message (${failure.reason})`;
}
