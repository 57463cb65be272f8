import { AirgapError, type ImagePaths, type OutputOptions, proxiedApp, type Settings } from '@airgap/core';
import {
  type Command,
  type CommandUnknownOpts,
  Option,
  type OptionValues,
} from '@commander-js/extra-typings';
import { readAuthorities } from './connection.ts';
import {
  appOption,
  type DomainFlags,
  imagePathOption,
  mergePaths,
  proxyDomainOption,
  registryDomainOption,
} from './inputs.ts';
import { repeated } from './parsers.ts';

/** Default name of the Secret. */
const SECRET = 'airgap-registry';

const mappingOption = new Option(
  '--mapping <file>',
  'write a JSON file that maps old names to new names and digests',
);
const kustomizeOption = new Option('--kustomize <file>', 'write an images: list for kustomization.yaml');
const hostsTomlOption = new Option(
  '--hosts-toml <dir>',
  'write DIR/HOST/hosts.toml for containerd, with the credentials of this load, so that manifests keep their image names',
);
const registriesYamlOption = new Option(
  '--registries-yaml <file>',
  'write the mirrors of k3s and rke2, with the credentials of this load',
);
const pullSecretOption = new Option(
  '--pull-secret <[name=]file>',
  `write an image pull Secret with the credentials of this load (default name: ${SECRET})`,
);
const helmValuesOption = new Option(
  '--helm-values <file>',
  'write values that point the chart in --specs at the registry',
);
const valuesOption = new Option(
  '--values <file>',
  'with --helm-values: your own values for the chart (repeatable)',
).argParser(repeated);
const specsOption = new Option(
  '--specs <input>',
  'files, directories or a chart for --rewrite and --helm-values (repeatable)',
).argParser(repeated);
const rewriteOption = new Option(
  '--rewrite <dir>',
  'write copies of --specs with the new image names, and with the pull secret if one is written',
);

const proxyNamesOption = new Option(
  '--proxy-names',
  'in the written files, name the images as proxy.replicated.com serves them (with --app)',
);

/** Adds the flags for the files that a load writes. */
export function outputFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
): Command<Args, Flags & Omit<OutputFlags, 'ca'>> {
  const added: CommandUnknownOpts = command
    .addOption(mappingOption)
    .addOption(kustomizeOption)
    .addOption(hostsTomlOption)
    .addOption(registriesYamlOption)
    .addOption(pullSecretOption)
    .addOption(specsOption)
    .addOption(rewriteOption)
    .addOption(helmValuesOption)
    .addOption(valuesOption)
    .addOption(imagePathOption)
    .addOption(proxyNamesOption)
    .addOption(appOption)
    .addOption(proxyDomainOption)
    .addOption(registryDomainOption);
  return added as Command<Args, Flags & Omit<OutputFlags, 'ca'>>;
}

export interface OutputFlags extends DomainFlags {
  readonly proxyNames?: true | undefined;
  readonly app?: string | undefined;
  readonly mapping?: string | undefined;
  readonly kustomize?: string | undefined;
  readonly hostsToml?: string | undefined;
  readonly registriesYaml?: string | undefined;
  readonly pullSecret?: string | undefined;
  readonly specs?: string[] | undefined;
  readonly rewrite?: string | undefined;
  readonly helmValues?: string | undefined;
  readonly values?: string[] | undefined;
  readonly imagePath?: ImagePaths | undefined;
  readonly ca?: string[] | undefined;
}

/** Returns the requested outputs, or undefined if there are none. @throws AirgapError `USAGE`, `INPUT` */
export async function outputOptions(
  flags: OutputFlags,
  { imagePaths, app }: Pick<Settings, 'imagePaths' | 'app'>,
): Promise<Omit<OutputOptions, 'target'> | undefined> {
  const { mapping, kustomize, hostsToml, registriesYaml, specs, rewrite, helmValues, values, imagePath } =
    flags;
  checkPairs(flags);
  if (specs?.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be rewritten', {
      hint: 'Pass the files by name.',
    });
  const outputs = {
    mapping,
    kustomize,
    hostsToml,
    registriesYaml,
    pullSecret: flags.pullSecret === undefined ? undefined : parseSecret(flags.pullSecret),
    rewrite:
      specs && rewrite !== undefined
        ? { specs, directory: rewrite, imagePaths: mergePaths(imagePaths, imagePath) }
        : undefined,
    helmValues: specs && helmValues !== undefined ? { specs, path: helmValues, values } : undefined,
  };
  if (Object.values(outputs).every(output => output === undefined)) return undefined;
  const { proxyNames, registryDomain, proxyDomain } = flags;
  const domains = { registryDomain, proxyDomain };
  return {
    ...outputs,
    domains,
    proxyNames: proxyNames && {
      app: proxiedApp({ app: flags.app ?? app, ...domains }),
      proxy: proxyDomain,
    },
    // Authorities from the environment apply to this machine only and are not written.
    ca: await readAuthorities(flags.ca),
  };
}

function parseSecret(flag: string): { name: string; path: string } {
  const { name, path } = /^(?<name>[^=/]+)=(?<path>.+)$/.exec(flag)?.groups ?? {};
  return { name: name ?? SECRET, path: path ?? flag };
}

/** @throws AirgapError `USAGE` for a flag without the one that it belongs to */
function checkPairs({ specs, rewrite, helmValues, values }: OutputFlags): void {
  if (values !== undefined && helmValues === undefined)
    throw missing('--values', '--helm-values values.yaml');
  if (specs === undefined && rewrite !== undefined) throw missing('--rewrite', '--specs manifests/');
  if (specs === undefined && helmValues !== undefined) throw missing('--helm-values', '--specs chart/');
  if (specs !== undefined && rewrite === undefined && helmValues === undefined)
    throw missing('--specs', '--rewrite local/');
}

function missing(given: string, example: string): AirgapError {
  const [flag = ''] = example.split(' ', 1);
  return new AirgapError('USAGE', `${given} without ${flag}`, { hint: `Pass both: add ${example}.` });
}
