import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { printableText } from './render/printable.ts';
import { type Session, tell } from './session.ts';
import { versionLine } from './version.ts';

type AddTo = (command: Command, session: Session) => CommandUnknownOpts;

/** What each command does, and where it is: only the one that is asked for is loaded. */
const COMMANDS: Record<string, { readonly summary: string; readonly load: () => Promise<AddTo> }> = {
  lint: {
    summary: 'say what in the specs will break behind the gap',
    load: async () => (await import('./commands/lint.ts')).lintCommand,
  },
  images: {
    summary: 'list the images that the specs name',
    load: async () => (await import('./commands/images.ts')).imagesCommand,
  },
  plan: {
    summary: 'say what a build would fetch, and how large the bundle would be',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  build: {
    summary: 'build the bundle: one verified OCI-layout tar of all images',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  inspect: {
    summary: 'show what is in a bundle, and what shares what',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  verify: {
    summary: 'check every digest and every reference of a bundle, in place',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  diff: {
    summary: 'say what changed between two bundles, in images and in bytes',
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  load: {
    summary: 'push a bundle into a registry, straight from the file',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  serve: {
    summary: 'serve bundles as a read-only registry, straight from the files',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  login: {
    summary: "check a registry's user and password, and keep them where docker looks for them",
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  logout: {
    summary: "forget a registry's user and password",
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
};

/** The command line, as far as these arguments need it; it throws instead of ending the process. */
export async function program(session: Session, argv: readonly string[]): Promise<Command> {
  const root = new Command('airgap')
    .description('Carries container images across an air gap in one verified OCI-layout tarball.')
    .version(versionLine())
    .addHelpText('after', HELP);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = new Command(name).description(summary);
    root.addCommand(argv.includes(name) ? (await load())(command, session) : command);
  }
  for (const command of [root, ...root.commands]) {
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
  1    findings, differences, or a bundle that fails verification
  2    wrong usage, or input that cannot be read
  3    a registry, a runtime or the network failed
  4    content did not match its digest
  5    the disk: space, permissions
  70   a bug in airgap itself
  130  interrupted

Results go to stdout, everything else to stderr. NO_COLOR and FORCE_COLOR are honoured;
AIRGAP_DEBUG=1 adds stacks to errors; SOURCE_DATE_EPOCH sets the time of a bundle's entries.
`;
