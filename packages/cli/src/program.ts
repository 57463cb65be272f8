import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { buildCommand } from './commands/build.ts';
import { imagesCommand } from './commands/images.ts';
import { inspectCommand } from './commands/inspect.ts';
import { lintCommand } from './commands/lint.ts';
import { planCommand } from './commands/plan.ts';
import { serveCommand } from './commands/serve.ts';
import { verifyCommand } from './commands/verify.ts';
import { printableText } from './render/printable.ts';
import { type Session, tell } from './session.ts';
import { version } from './version.ts';

const COMMANDS = [
  lintCommand,
  imagesCommand,
  planCommand,
  buildCommand,
  inspectCommand,
  verifyCommand,
  serveCommand,
];

/** The whole command line; it throws instead of ending the process. */
export function program(session: Session): Command {
  const root = new Command('airgap')
    .description('Carries container images across an air gap in one verified OCI-layout tarball.')
    .version(version())
    .addHelpText('after', HELP);
  const commands: CommandUnknownOpts[] = COMMANDS.map(command => command(session));
  for (const command of commands) root.addCommand(command);
  for (const command of [root, ...commands]) {
    command
      .exitOverride()
      .configureOutput({ writeErr: text => tell(printableText(text)) })
      .showHelpAfterError('(--help shows what it takes)');
  }
  return root;
}

const HELP = `
Examples:
  airgap lint app.yaml
  airgap build app.yaml --app my-app --registry dockerhub=index.docker.io -o bundle.tar
  airgap verify bundle.tar
  airgap serve bundle.tar

Exit status:
  0    done
  1    findings, or a bundle that fails verification
  2    wrong usage, or input that cannot be read
  3    a registry or the network failed
  4    content did not match its digest
  5    the disk: space, permissions
  130  interrupted

Results go to stdout, everything else to stderr. NO_COLOR and FORCE_COLOR are honoured;
AIRGAP_DEBUG=1 adds stacks to errors; SOURCE_DATE_EPOCH sets the time of a bundle's entries.
`;
