import pc from 'picocolors';
import type { Colors } from 'picocolors/types.js';
import type { Environment } from './environment.ts';
import { formatJson } from './render/json.ts';

/** What one run of the program has to work with. */
export interface Session {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly out: Colors;
  readonly err: Colors;
  /** Set by a command whose result is no error and yet no success. */
  status: number;
  /** Whether the result was asked for as JSON. */
  json: boolean;
  /** Whether stdout carries a bundle, so that nothing else may go there. */
  streaming: boolean;
}

/** Colour only where a person looks. */
export function openSession(environment: Environment, signal: AbortSignal): Session {
  const colors = (stream: NodeJS.WriteStream) => pc.createColors(environment.color ?? stream.isTTY === true);
  return {
    environment,
    signal,
    out: colors(process.stdout),
    err: colors(process.stderr),
    status: 0,
    json: false,
    streaming: false,
  };
}

/** Writes a result: to stdout, unless that carries the bundle. */
export function print(text: string, { streaming }: Session): void {
  if (streaming) tell(text);
  else process.stdout.write(text);
}

/** Writes a result as one JSON object. */
export function printJson(result: unknown, session: Session): void {
  print(`${formatJson(result, 2)}\n`, session);
}

/** Writes everything that is no result. */
export function tell(text: string): void {
  process.stderr.write(text);
}
