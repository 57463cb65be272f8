import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { USAGE } from './exit-status.ts';
import { applyVerbosity, generalFlags } from './options/general.ts';
import { groupFlags } from './options/groups.ts';
import { printableText } from './render/printable.ts';
import { type Session, stderr } from './session.ts';
import { versionLine } from './version.ts';

type AddTo = (command: Command, session: Session) => CommandUnknownOpts;

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<AddTo>;
  /** Whether it needs the flags of all commands. */
  readonly describesAll?: boolean;
}

/** The commands. Only the module of the requested command is loaded. */
const COMMANDS: Record<string, CommandEntry> = {
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
  shard: {
    summary: 'Build one bundle in an object store with several workers',
    load: async () => (await import('./commands/shard.ts')).shardCommand,
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
  delta: {
    summary: 'Write a delta: a bundle without the layers that an older one has',
    load: async () => (await import('./commands/delta.ts')).deltaCommand,
  },
  merge: {
    summary: 'Make the complete bundle of a delta and its base',
    load: async () => (await import('./commands/merge.ts')).mergeCommand,
  },
  split: {
    summary: 'Split a bundle into parts for FAT32, DVDs or other media',
    load: async () => (await import('./commands/split.ts')).splitCommand,
  },
  join: {
    summary: 'Join the parts of a bundle',
    load: async () => (await import('./commands/join.ts')).joinCommand,
  },
  load: {
    summary: 'Load a bundle into a registry or a container runtime',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  pull: {
    summary: 'Fetch a bundle from a registry, where push has stored it',
    load: async () => (await import('./commands/pull.ts')).pullCommand,
  },
  serve: {
    summary: 'Serve bundles as a read-only registry',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  kots: {
    summary: "Write KOTS's own airgap bundle from a bundle",
    load: async () => (await import('./commands/kots.ts')).kotsCommand,
  },
  push: {
    summary: 'Push images to the Replicated registry, or to another one',
    load: async () => (await import('./commands/push.ts')).pushCommand,
  },
  retire: {
    summary: 'Replace tags of the Replicated registry by an empty image',
    load: async () => (await import('./commands/retire.ts')).retireCommand,
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
  completion: {
    summary: 'Print a completion script for a shell',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
    describesAll: true,
  },
  man: {
    summary: 'Print the manual page',
    load: async () => (await import('./commands/man.ts')).manCommand,
    describesAll: true,
  },
};

/** Creates the command line for these arguments. It throws instead of ending the process. */
export async function program(session: Session, argv: readonly string[]): Promise<Command> {
  const root = new Command('airgap')
    .description('Carry container images across an air gap in one verified OCI-layout tar.')
    .version(versionLine())
    .addHelpText('after', HELP)
    .addHelpText('beforeAll', ({ error }) => {
      session.status = error ? USAGE : 0;
      return '';
    })
    .hook('preAction', async (_root, command) => {
      session.json = command.opts().json === true;
      const { applyDefaults } = await import('./options/defaults.ts');
      await applyDefaults(command, session.environment);
      applyVerbosity(command, session);
    });
  const loadsAll = argv.some(word => Object.hasOwn(COMMANDS, word) && COMMANDS[word]?.describesAll);
  const loaded: CommandUnknownOpts[] = [root];
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = new Command(name).description(summary);
    root.addCommand(command);
    if (loadsAll || argv.includes(name)) {
      const { commands } = (await load())(command, session);
      loaded.push(command, ...commands);
    }
    // The list of commands shows whether a command has flags.
    else generalFlags(command);
  }
  for (const command of loaded) {
    generalFlags(command);
    groupFlags(command);
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
  2    wrong usage or input, a name that does not exist, a delta without its base, or rejected credentials
  3    a registry, an object store, a runtime or the network failed: retry later
  4    content did not match its digest or its signed checksums
  5    the disk: space, permissions
  70   a bug in airgap itself
  130  interrupted

Results go to stdout, everything else to stderr. NO_COLOR and FORCE_COLOR are honoured;
AIRGAP_<FLAG> sets a flag that is left out, such as AIRGAP_CONCURRENCY=8; AIRGAP_DEBUG=1 is --debug;
AIRGAP_CONFIG names a config file in place of airgap.yaml; COSIGN_PASSWORD is the password of a key
that signs; SOURCE_DATE_EPOCH sets the mtime of bundle entries.
`;
