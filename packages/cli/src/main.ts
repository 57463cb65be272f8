import { AirgapError } from '@airgap/core';
import { CommanderError } from '@commander-js/extra-typings';
import { readEnvironment } from './environment.ts';
import { exitStatus, INTERRUPTED, USAGE } from './exit-status.ts';
import { separateInputs } from './options/optional-values.ts';
import { type Output, watchOutput } from './output.ts';
import { program } from './program.ts';
import { errorObject, renderError } from './render/error.ts';
import { openSession, printJson, type Session, stderr } from './session.ts';

/** Runs the program with these arguments. @returns the exit status */
export async function main(argv: readonly string[]): Promise<number> {
  const stopper = new AbortController();
  const stop = (reason: AirgapError) => stopper.abort(reason);
  const environment = readEnvironment();
  const session = openSession(environment, stopper.signal);
  const output = watchOutput(stop);
  const interrupt = () => {
    // A second signal ends the process at once.
    if (stopper.signal.aborted) process.exit(INTERRUPTED);
    stop(new AirgapError('INTERRUPTED', 'interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  // What no command catches ends the process as a bug, and not with Node's exit status 1.
  process.on('uncaughtException', error => process.exit(fail(error, session)));
  try {
    const commands = await program(session, argv);
    await commands.parseAsync(separateInputs(argv), { from: 'user' });
    // A failed write is reported one event loop turn later.
    await new Promise(resolve => setImmediate(resolve));
    return output.failure ? fail(output.failure, session) : session.status;
  } catch (error) {
    return end(error, argv, output, session);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function end(error: unknown, argv: readonly string[], output: Output, session: Session): number {
  if (output.failure) return fail(output.failure, session);
  if (output.closed) return INTERRUPTED;
  if (!(error instanceof CommanderError)) return fail(error, session);
  // --help and --version throw too, and so does "airgap help", with the status that the process has at the moment.
  // commander has already printed usage errors.
  if (error.exitCode === 0 || (error.code === 'commander.help' && session.status === 0)) return 0;
  const usageError = new AirgapError('USAGE', error.message.replace(/^error: /, ''), {
    hint: 'Run "airgap COMMAND --help" for usage.',
  });
  if (argv.includes('--json')) printJson({ error: errorObject(usageError) }, session);
  return USAGE;
}

function fail(error: unknown, session: Session): number {
  if (session.json && !session.streaming) printJson({ error: errorObject(error) }, session);
  stderr(renderError(error, session.err, session.environment.debug));
  return exitStatus(error);
}
