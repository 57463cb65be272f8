import { AirgapError, type ImagePaths, type OutputOptions } from '@airgap/core';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { readAuthorities } from './connection.ts';
import { repeated } from './parsers.ts';
import { bothPaths, imagePathOption } from './specs.ts';

/** What the Secret is called unless the flag says so. */
const SECRET = 'airgap-registry';

const mappingOption = new Option('--mapping <file>', 'write old names, new names and digests as JSON');
const kustomizeOption = new Option('--kustomize <file>', 'write an images: list for a kustomization');
const hostsTomlOption = new Option(
  '--hosts-toml <dir>',
  "write containerd's DIR/HOST/hosts.toml, so that specs keep the names that they have",
);
const pullSecretOption = new Option(
  '--pull-secret <[name=]file>',
  `write a Secret that pulls with the login of this load (default name: ${SECRET})`,
);
const specsOption = new Option(
  '--specs <spec>',
  "the vendor's specs for --rewrite: files or directories (repeatable)",
).argParser(repeated);
const rewriteOption = new Option(
  '--rewrite <dir>',
  'copy the specs there with the new names in them, and with the pull secret when there is one',
);

/** Gives a command the flags for what a load leaves behind. */
export function outputFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .addOption(mappingOption)
    .addOption(kustomizeOption)
    .addOption(hostsTomlOption)
    .addOption(pullSecretOption)
    .addOption(specsOption)
    .addOption(rewriteOption)
    .addOption(imagePathOption);
}

export interface OutputFlags {
  readonly mapping?: string | undefined;
  readonly kustomize?: string | undefined;
  readonly hostsToml?: string | undefined;
  readonly pullSecret?: string | undefined;
  readonly specs?: string[] | undefined;
  readonly rewrite?: string | undefined;
  readonly imagePath?: ImagePaths | undefined;
  readonly ca?: string[] | undefined;
}

/** What the flags ask for; nothing when they ask for nothing. @throws AirgapError `USAGE`, `INPUT` */
export async function outputOptions(
  flags: OutputFlags,
  imagePaths: ImagePaths | undefined,
): Promise<Omit<OutputOptions, 'target'> | undefined> {
  const { mapping, kustomize, hostsToml, specs, rewrite, imagePath } = flags;
  if ((specs === undefined) !== (rewrite === undefined)) throw lonely(rewrite);
  if (specs?.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be rewritten', {
      hint: 'Name the files themselves.',
    });
  const outputs = {
    mapping,
    kustomize,
    hostsToml,
    pullSecret: flags.pullSecret === undefined ? undefined : secretOf(flags.pullSecret),
    rewrite:
      specs && rewrite !== undefined
        ? { specs, directory: rewrite, imagePaths: bothPaths(imagePaths, imagePath) }
        : undefined,
  };
  if (Object.values(outputs).every(output => output === undefined)) return undefined;
  // The environment's are the machine's own business.
  return { ...outputs, ca: await readAuthorities(flags.ca) };
}

function secretOf(flag: string): { name: string; path: string } {
  const [, name = SECRET, path = flag] = /^([^=/]+)=(.+)$/.exec(flag) ?? [];
  return { name, path };
}

function lonely(rewrite: string | undefined): AirgapError {
  const [one, other] = rewrite === undefined ? ['--specs', '--rewrite'] : ['--rewrite', '--specs'];
  return new AirgapError('USAGE', `${one} without ${other}`, {
    hint: 'Give both: --specs manifests/ --rewrite local/.',
  });
}
