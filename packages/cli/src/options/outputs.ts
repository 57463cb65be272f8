import { AirgapError, type ImagePaths, type OutputOptions } from '@airgap/core';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { readAuthorities } from './connection.ts';
import { imagePathOption, mergePaths } from './inputs.ts';
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
  'write DIR/HOST/hosts.toml for containerd, so that manifests keep their image names',
);
const pullSecretOption = new Option(
  '--pull-secret <[name=]file>',
  `write an image pull Secret with the credentials of this load (default name: ${SECRET})`,
);
const specsOption = new Option(
  '--specs <input>',
  'files or directories for --rewrite (repeatable)',
).argParser(repeated);
const rewriteOption = new Option(
  '--rewrite <dir>',
  'write copies of --specs with the new image names, and with the pull secret if one is written',
);

/** Adds the flags for the files that a load writes. */
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

/** Returns the requested outputs, or undefined if there are none. @throws AirgapError `USAGE`, `INPUT` */
export async function outputOptions(
  flags: OutputFlags,
  imagePaths: ImagePaths | undefined,
): Promise<Omit<OutputOptions, 'target'> | undefined> {
  const { mapping, kustomize, hostsToml, specs, rewrite, imagePath } = flags;
  if ((specs === undefined) !== (rewrite === undefined)) throw missingPair(rewrite);
  if (specs?.includes('-'))
    throw new AirgapError('USAGE', 'standard input cannot be rewritten', {
      hint: 'Pass the files by name.',
    });
  const outputs = {
    mapping,
    kustomize,
    hostsToml,
    pullSecret: flags.pullSecret === undefined ? undefined : parseSecret(flags.pullSecret),
    rewrite:
      specs && rewrite !== undefined
        ? { specs, directory: rewrite, imagePaths: mergePaths(imagePaths, imagePath) }
        : undefined,
  };
  if (Object.values(outputs).every(output => output === undefined)) return undefined;
  // Authorities from the environment apply to this machine only and are not written.
  return { ...outputs, ca: await readAuthorities(flags.ca) };
}

function parseSecret(flag: string): { name: string; path: string } {
  const { name, path } = /^(?<name>[^=/]+)=(?<path>.+)$/.exec(flag)?.groups ?? {};
  return { name: name ?? SECRET, path: path ?? flag };
}

function missingPair(rewrite: string | undefined): AirgapError {
  const message = rewrite === undefined ? '--specs without --rewrite' : '--rewrite without --specs';
  return new AirgapError('USAGE', message, {
    hint: 'Pass both: --specs manifests/ --rewrite local/.',
  });
}
