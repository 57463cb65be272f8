import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import type { Session, Verbosity } from '../session.ts';

/** Adds the flags that every command has. */
export function generalFlags(command: CommandUnknownOpts): void {
  for (const [flags, description] of GENERAL) command.addOption(new Option(flags, description));
}

const GENERAL = [
  ['-q, --quiet', 'write only results and errors'],
  ['-v, --verbose', 'also show findings in full, and each image and blob when it is done'],
  [
    '--debug',
    'also show each request: method, URL, status, time and source of credentials; and stacks of errors',
  ],
] as const;

interface GeneralFlags {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
}

/** Sets how much the run writes to stderr. A flag before the command counts as well. */
export function applyVerbosity(command: CommandUnknownOpts, session: Session): void {
  const verbosity = verbosityOf(command.optsWithGlobals(), session);
  session.verbosity = verbosity;
  session.environment.debug = verbosity === 'debug';
}

function verbosityOf({ quiet, verbose, debug }: GeneralFlags, { environment }: Session): Verbosity {
  if (debug) return 'debug';
  if (quiet) return 'quiet';
  if (environment.debug) return 'debug';
  return verbose ? 'verbose' : 'normal';
}
