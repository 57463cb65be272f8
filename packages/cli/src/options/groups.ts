import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';

/** The groups of flags in help texts, in their order, and the flags of each. Others are listed below `Options:`. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Output:': [
    '--output',
    '--shards',
    '--part-size',
    '--kubernetes',
    '--plan',
    '--shard',
    '--with-airgap',
    '--reuse',
    '--report',
    '--since',
    '--strict',
    '--format',
    '--fail-on',
    '--fix',
    '--dry-run',
    '--drop-attestations',
    '--max-layer',
    '--save',
    '--restore',
    '--yes',
  ],
  'KOTS:': [
    '--release',
    '--channel-id',
    '--channel-name',
    '--version-label',
    '--cursor',
    '--required',
    '--is-required',
    '--release-notes',
    '--previous',
    '--omit-unchanged',
  ],
  'Images:': ['--platform', '--images', '--referrers', '--include-unread', '--exclude', '--why'],
  'Input:': ['--app', '--from', '--registry', '--image-path', '--config'],
  'Charts and Compose files:': [
    '--values',
    '--set',
    '--kube-version',
    '--api-versions',
    '--include-optional',
    '--env',
    '--env-file',
  ],
  'Target:': ['--naming', '--on-existing', '--check-blobs'],
  'Files to write:': [
    '--mapping',
    '--kustomize',
    '--hosts-toml',
    '--registries-yaml',
    '--pull-secret',
    '--specs',
    '--rewrite',
    '--helm-values',
    '--proxy-names',
  ],
  'Server:': ['--listen', '--tls-cert', '--tls-key', '--user', '--password-file'],
  'Registries:': [
    '--mirror',
    '--license',
    '--via-proxy',
    '--proxy-domain',
    '--registry-domain',
    '--plain-http',
    '--insecure',
    '--ca',
    '--cert',
    '--key',
    '--username',
    '--password-stdin',
    '--online',
  ],
  'Network:': ['--concurrency', '--timeout'],
  'Options:': [],
  'Display:': ['--progress', '--lint', '--json', '--quiet', '--verbose', '--debug', '--version', '--help'],
};

/** The group of flags that have none. */
const OTHERS = 'Options:';
const GROUP_OF = new Map(
  Object.entries(GROUPS).flatMap(([group, flags]) => flags.map(flag => [flag, group])),
);
const ORDER = Object.values(GROUPS).flat();

/** Arranges the flags of a help text in groups, the most important first. Commands stay as they are. */
export function groupFlags(command: CommandUnknownOpts): void {
  command.configureHelp({
    ...command.configureHelp(),
    groupItems: <T extends CommandUnknownOpts | Option>(
      _all: T[],
      visible: T[],
      headingOf: (item: T) => string,
    ): Map<string, T[]> => {
      if (visible.every(item => item instanceof Option)) return grouped(visible) as Map<string, T[]>;
      return new Map(visible.map(item => [headingOf(item), visible]));
    },
  });
}

function grouped(options: readonly Option[]): Map<string, Option[]> {
  const groups = new Map<string, Option[]>();
  for (const heading of Object.keys(GROUPS)) {
    const members = options.filter(({ long }) => (GROUP_OF.get(long ?? '') ?? OTHERS) === heading);
    if (members.length > 0) groups.set(heading, members.toSorted(byPlace));
  }
  return groups;
}

function byPlace(a: Option, b: Option): number {
  return ORDER.indexOf(a.long ?? '') - ORDER.indexOf(b.long ?? '');
}
