import { setImmediate } from 'node:timers/promises';
import { AirgapError } from '@airgap/core';
import { CommanderError } from '@commander-js/extra-typings';
import { readEnvironment } from './environment.ts';
import { exitStatus, INTERRUPTED, USAGE } from './exit-status.ts';
import { type Output, watchOutput } from './output.ts';
import { program } from './program.ts';
import { errorObject, renderError } from './render/error.ts';
import { openSession, printJson, type Session, tell } from './session.ts';

/** Runs the program with these arguments. @returns the exit status */
export async function main(argv: readonly string[]): Promise<number> {
  const stopper = new AbortController();
  const stop = (reason: AirgapError) => stopper.abort(reason);
  const environment = readEnvironment();
  const session = openSession(environment, stopper.signal);
  const output = watchOutput(stop);
  const interrupt = () => {
    // The second time, somebody means it.
    if (stopper.signal.aborted) process.exit(INTERRUPTED);
    stop(new AirgapError('INTERRUPTED', 'interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const commands = await program(session, argv);
    await commands.parseAsync([...argv], { from: 'user' });
    // A write that fails says so a turn later.
    await setImmediate();
    return output.failure ? fail(output.failure, session) : session.status;
  } catch (error) {
    return end(error, argv, output, session);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function end(error: unknown, argv: readonly string[], output: Output, session: Session): number {
  if (output.failure) return fail(output.failure, session);
  if (output.abandoned) return INTERRUPTED;
  if (!(error instanceof CommanderError)) return fail(error, session);
  // --help and --version end this way too; what is wrong has been said already.
  if (error.exitCode === 0) return 0;
  const wrong = new AirgapError('USAGE', error.message.replace(/^error: /, ''), {
    hint: 'airgap COMMAND --help shows what it takes.',
  });
  if (argv.includes('--json')) printJson({ error: errorObject(wrong) }, session);
  return USAGE;
}

function fail(error: unknown, session: Session): number {
  if (session.json && !session.streaming) printJson({ error: errorObject(error) }, session);
  tell(renderError(error, session.err, session.environment.debug));
  return exitStatus(error);
}
