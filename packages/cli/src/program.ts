import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { printableText } from './render/printable.ts';
import { type Session, stderr } from './session.ts';
import { versionLine } from './version.ts';

type AddTo = (command: Command, session: Session) => CommandUnknownOpts;

/** The commands. Only the module of the requested command is loaded. */
const COMMANDS: Record<string, { readonly summary: string; readonly load: () => Promise<AddTo> }> = {
  lint: {
    summary: 'Report what will fail in the air-gapped cluster',
    load: async () => (await import('./commands/lint.ts')).lintCommand,
  },
  images: {
    summary: 'List the images that the inputs reference',
    load: async () => (await import('./commands/images.ts')).imagesCommand,
  },
  lock: {
    summary: 'Write the digests of all images to a lock, or check it',
    load: async () => (await import('./commands/lock.ts')).lockCommand,
  },
  plan: {
    summary: 'Show what a build would download and the size of the bundle',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  build: {
    summary: 'Build a bundle: one verified OCI-layout tar of all images',
    load: async () => (await import('./commands/build.ts')).buildCommand,
  },
  inspect: {
    summary: 'Show the images and layers in a bundle',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  verify: {
    summary: 'Verify every digest and reference in a bundle',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  sign: {
    summary: 'Write the checksums of a bundle and sign them',
    load: async () => (await import('./commands/sign.ts')).signCommand,
  },
  diff: {
    summary: 'Show the differences between two bundles',
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  },
  load: {
    summary: 'Load a bundle into a registry or a container runtime',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  serve: {
    summary: 'Serve bundles as a read-only registry',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  kots: {
    summary: "Write KOTS's own airgap bundle from a bundle",
    load: async () => (await import('./commands/kots.ts')).kotsCommand,
  },
  login: {
    summary: 'Log in to a registry',
    load: async () => (await import('./commands/login.ts')).loginCommand,
  },
  logout: {
    summary: 'Log out of a registry',
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
  trust: {
    summary: 'Trust the airgap.yaml of a folder: its credentials and mirrors count',
    load: async () => (await import('./commands/trust.ts')).trustCommand,
  },
  config: {
    summary: 'Show the effective settings and where each comes from',
    load: async () => (await import('./commands/config.ts')).configCommand,
  },
};

/** Creates the command line for these arguments. It throws instead of ending the process. */
export async function program(session: Session, argv: readonly string[]): Promise<Command> {
  const root = new Command('airgap')
    .description('Carry container images across an air gap in one verified OCI-layout tar.')
    .version(versionLine())
    .addHelpText('after', HELP);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = new Command(name).description(summary);
    root.addCommand(argv.includes(name) ? (await load())(command, session) : command);
  }
  for (const command of [root, ...root.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeErr: text => stderr(printableText(text)) })
      .showHelpAfterError('Add --help for usage.');
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
  1    findings, differences (also from a lock), a damaged bundle, a missing signature of an image
  2    wrong usage or input, a name that does not exist, or rejected credentials
  3    a registry, a runtime or the network failed: retry later
  4    content did not match its digest or its signed checksums
  5    the disk: space, permissions
  70   a bug in airgap itself
  130  interrupted

Results go to stdout, everything else to stderr. NO_COLOR and FORCE_COLOR are honoured;
AIRGAP_DEBUG=1 adds stack traces to errors; SOURCE_DATE_EPOCH sets the mtime of bundle entries;
AIRGAP_CONFIG names a config file in place of airgap.yaml; COSIGN_PASSWORD is the password of a key that signs.
`;
