import { readFileSync } from 'node:fs';
import { AirgapError } from '@airgap/core';
import { Command, CommanderError } from '@commander-js/extra-typings';
import { buildCommand } from './commands/build.ts';
import { imagesCommand } from './commands/images.ts';
import { inspectCommand } from './commands/inspect.ts';
import { lintCommand } from './commands/lint.ts';
import { planCommand } from './commands/plan.ts';
import { verifyCommand } from './commands/verify.ts';
import { exitStatus } from './exit-status.ts';
import { readEnvironment } from './options/environment.ts';
import { errorObject, renderError } from './render/error.ts';
import { openSession, printJson, type Session, tell } from './session.ts';

const INTERRUPTED = 130;
const USAGE = 2;

/** Runs the program with these arguments. @returns the exit status */
export async function main(argv: readonly string[]): Promise<number> {
  const stopper = new AbortController();
  const session = openSession(readEnvironment(), stopper.signal);
  const interrupt = () => {
    // The second time, somebody means it.
    if (stopper.signal.aborted) process.exit(INTERRUPTED);
    stopper.abort(new AirgapError('INTERRUPTED', 'interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  process.stdout.on('error', error => {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE')
      stopper.abort(new AirgapError('INTERRUPTED', 'nobody reads the output any more'));
  });
  try {
    await program(session).parseAsync([...argv], { from: 'user' });
    return session.status;
  } catch (error) {
    return fail(error, session);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function fail(error: unknown, session: Session): number {
  // commander has said it already; --help and --version end this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (session.json) printJson({ error: errorObject(error) });
  tell(renderError(error, session.err, session.environment.debug));
  return exitStatus(error);
}

function program(session: Session): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const root = new Command('airgap')
    .description('Carries container images across an air gap in one verified OCI-layout tarball.')
    .version(version)
    .addHelpText('after', HELP);
  const commands = [lintCommand, imagesCommand, planCommand, buildCommand, inspectCommand, verifyCommand];
  for (const command of commands) root.addCommand(command(session) as never);
  for (const command of [root, ...root.commands])
    (command as Command).exitOverride().showHelpAfterError('(--help shows what it takes)');
  return root;
}

const HELP = `
Examples:
  airgap lint app.yaml
  airgap build app.yaml --app my-app --registry dockerhub=index.docker.io -o bundle.tar
  airgap verify bundle.tar

Exit status:
  0 done   1 findings, or a bundle that fails verification   2 wrong usage or input
  3 a registry or the network failed   4 content did not match its digest
  5 the disk   130 interrupted
`;
