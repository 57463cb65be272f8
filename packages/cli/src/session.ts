import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Environment } from './environment.ts';
import { formatJson } from './render/json.ts';

/** How much a run writes to stderr. */
export type Verbosity = 'quiet' | 'normal' | 'verbose' | 'debug';

/** The state of one run of the program. */
export interface Session {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly out: Colors;
  readonly err: Colors;
  /** The exit status. A command sets it for results that are not errors, such as findings. */
  status: number;
  verbosity: Verbosity;
  /** Whether to print the result as JSON. */
  json: boolean;
  /** Whether stdout carries a bundle. Nothing else may be written to it then. */
  streaming: boolean;
}

/** Opens a session. Colour is used on terminals only, unless the environment forces it. */
export function openSession(environment: Environment, signal: AbortSignal): Session {
  const colors = (stream: NodeJS.WriteStream) => pc.createColors(environment.color ?? stream.isTTY === true);
  return {
    environment,
    signal,
    out: colors(process.stdout),
    err: colors(process.stderr),
    status: 0,
    verbosity: environment.debug ? 'debug' : 'normal',
    json: false,
    streaming: false,
  };
}

/** Writes a result to stdout, or to stderr if stdout carries the bundle. */
export function stdout(text: string, { streaming }: Session): void {
  if (streaming) stderr(text);
  else process.stdout.write(text);
}

/** Writes a result as one JSON object. */
export function printJson(result: unknown, session: Session): void {
  stdout(`${formatJson(result, 2)}\n`, session);
}

/** Writes anything that is not a result. */
export function stderr(text: string): void {
  process.stderr.write(text);
}
