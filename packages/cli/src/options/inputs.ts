import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  AirgapError,
  type Config,
  DEFAULT_LOCK,
  fileReadError,
  type ImagePaths,
  type PlatformChoice,
  parsePlatform,
  type RegistrySettings,
  type SourceText,
} from '@airgap/core';
import { type Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import type { Environment } from '../environment.ts';
import type { Session } from '../session.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { host, keyValue, keyValues, repeated } from './parsers.ts';

export const INPUT_HELP = 'files, directories, charts or kustomizations; - for stdin';

/** Options of every command that takes INPUT. */
export const configOption = new Option(
  '--config <file>',
  `config file: app, registries, platforms, credentials, mirrors, signatures, imagePaths, include, exclude, rules (default: ${DEFAULT_CONFIG})`,
);
export const appOption = new Option('--app <slug>', 'application slug, for images with `source: replicated`');
export const registryOption = new Option(
  '--registry <name=endpoint>',
  'endpoint for a `source:` name (repeatable)',
).argParser(keyValue);
export const imagePathOption = new Option(
  '--image-path <kind=path>',
  "where objects of a kind reference images, e.g. 'MyCRD=.spec.parts[*].image' or '*=..image' (repeatable)",
).argParser(keyValues);
export const includeUnreadOption = new Option(
  '--include-unread',
  'also take strings that look like images where no format reads one (lint: unread-image)',
);
export const excludeOption = new Option(
  '--exclude <pattern>',
  "leave out images whose name matches, e.g. 'quay.io/team/*' (repeatable)",
).argParser(repeated);

const envOption = new Option(
  '--env <name>',
  'use this environment variable in Compose files, or NAME=VALUE (repeatable)',
).argParser(repeated);
const envFileOption = new Option(
  '--env-file <file>',
  'variables for Compose files, in place of .env (repeatable)',
).argParser(repeated);
const valuesOption = new Option('--values <file>', 'values for Helm charts (repeatable)').argParser(repeated);
const setOption = new Option('--set <key=value>', 'a value for Helm charts (repeatable)').argParser(repeated);
const kubeVersionOption = new Option(
  '--kube-version <version>',
  'Kubernetes version that charts are rendered for',
);
const apiVersionsOption = new Option(
  '--api-versions <group/version>',
  'API version that charts find in the cluster (repeatable)',
).argParser(repeated);
const includeOptionalOption = new Option(
  '--include-optional',
  'also render charts with every `enabled: false` and every optional dependency turned on',
);

/** Adds the flags that say how Compose files and charts are read. */
export function renderFlags<Args extends unknown[], Flags extends Record<string, unknown>>(
  command: Command<Args, Flags>,
): Command<Args, Flags & RenderFlags> {
  const added: CommandUnknownOpts = command
    .addOption(envOption)
    .addOption(envFileOption)
    .addOption(valuesOption)
    .addOption(setOption)
    .addOption(kubeVersionOption)
    .addOption(apiVersionsOption)
    .addOption(includeOptionalOption);
  return added as Command<Args, Flags & RenderFlags>;
}

/** Options for what is pulled, and from where. */
export const platformOption = new Option(
  '--platform <os/arch>',
  'platform to include, or "all" (repeatable; default: linux/amd64)',
).argParser(repeated);
export const referrersOption = new Option(
  '--referrers',
  'include referrers: signatures, attestations, SBOMs',
);
export const lockedOption = new Option(
  '--locked [file]',
  `fetch exactly the digests of this lock (default: ${DEFAULT_LOCK}); fail if the inputs differ from it`,
).preset(DEFAULT_LOCK);
export const fromOption = new Option(
  '--from <source>',
  'take images from this machine first: oci:DIR, oci-archive:FILE, docker-archive:FILE, airgap:FILE, docker:, podman: or containerd:[NAMESPACE] (repeatable)',
).argParser(repeated);
export const mirrorOption = new Option(
  '--mirror <host=url>',
  'try this URL first for images of the host, then the host (repeatable)',
).argParser(keyValues);
export const licenseOption = new Option(
  '--license <file|id>',
  'customer license, for registry.replicated.com and proxy.replicated.com',
);
export const viaProxyOption = new Option(
  '--via-proxy',
  'pull third-party images through proxy.replicated.com (with --app)',
);

export const registryDomainOption = new Option(
  '--registry-domain <host>',
  'your own domain of registry.replicated.com',
).argParser(host);
export const proxyDomainOption = new Option(
  '--proxy-domain <host>',
  'your own domain of proxy.replicated.com',
).argParser(host);

/** The vendor's domains for Replicated's registries. */
export interface DomainFlags {
  readonly registryDomain?: string | undefined;
  readonly proxyDomain?: string | undefined;
}

export interface RenderFlags {
  readonly env?: string[] | undefined;
  readonly envFile?: string[] | undefined;
  readonly values?: string[] | undefined;
  readonly set?: string[] | undefined;
  readonly kubeVersion?: string | undefined;
  readonly apiVersions?: string[] | undefined;
  readonly includeOptional?: true | undefined;
}

export interface InputFlags extends RenderFlags, DomainFlags {
  readonly config?: string | undefined;
  readonly app?: string | undefined;
  readonly registry?: Record<string, string> | undefined;
  readonly imagePath?: ImagePaths | undefined;
  readonly includeUnread?: true | undefined;
  readonly exclude?: string[] | undefined;
  readonly platform?: string[] | undefined;
  readonly mirror?: Record<string, readonly string[]> | undefined;
}

/** Turns inputs, flags and config into the options of a verb. Flags take precedence over the config file. */
export async function inputOptions(
  inputs: readonly string[],
  flags: InputFlags,
  config: Config | undefined,
  { signal, environment }: Pick<Session, 'signal' | 'environment'>,
) {
  if (inputs.filter(input => input === '-').length > 1)
    throw new AirgapError('USAGE', 'standard input can be read only once', { hint: 'Pass "-" once.' });
  const locations: RegistrySettings = {
    app: flags.app ?? config?.app,
    registries: { ...config?.registries, ...flags.registry },
    registryDomain: flags.registryDomain,
    proxyDomain: flags.proxyDomain,
  };
  return {
    specs: await Promise.all(inputs.map(input => readInput(input, signal))),
    locations,
    imagePaths: mergePaths(config?.imagePaths, flags.imagePath),
    compose: { variables: composeVariables(flags.env, environment), envFiles: flags.envFile },
    helm: {
      values: flags.values,
      set: flags.set,
      kubeVersion: flags.kubeVersion,
      apiVersions: flags.apiVersions,
      includeOptional: flags.includeOptional,
    },
    includeUnread: flags.includeUnread,
    include: config?.include,
    exclude: [...(config?.exclude ?? []), ...(flags.exclude ?? [])],
    rules: config?.rules,
    signal,
    platforms: platformChoice(flags.platform ?? config?.platforms),
    imagePlatforms: imagePlatforms(config),
    mirrors: { ...config?.mirrors, ...flags.mirror },
    signatures: config?.signatures,
  };
}

/** Returns the named variables; one that is not set in the environment is left out, as docker does. */
function composeVariables(
  names: readonly string[] = [],
  { variable }: Pick<Environment, 'variable'>,
): Record<string, string> {
  const pairs = names.flatMap((text): [string, string][] => {
    const at = text.indexOf('=');
    const value = at < 0 ? variable(text) : text.slice(at + 1);
    return value === undefined ? [] : [[at < 0 ? text : text.slice(0, at), value]];
  });
  return Object.fromEntries(pairs);
}

/** Merges image paths: paths from flags are added to those of the config. */
export function mergePaths(config: ImagePaths = {}, flags: ImagePaths = {}): ImagePaths {
  const kinds = new Set([...Object.keys(config), ...Object.keys(flags)]);
  return Object.fromEntries(
    [...kinds].map(kind => [kind, [...(config[kind] ?? []), ...(flags[kind] ?? [])]]),
  );
}

async function readInput(input: string, signal: AbortSignal): Promise<string | SourceText> {
  if (input !== '-') return input;
  try {
    return { file: '<stdin>', text: await readAll(addAbortSignal(signal, process.stdin)) };
  } catch (cause) {
    throw signal.aborted ? signal.reason : fileReadError('standard input', '<stdin>', cause);
  }
}

/** The platforms of single images; undefined without any. */
function imagePlatforms(config: Config | undefined): Record<string, PlatformChoice> | undefined {
  const entries = Object.entries(config?.imagePlatforms ?? {}).flatMap(([pattern, texts]) => {
    const choice = platformChoice(texts);
    return choice === undefined ? [] : [[pattern, choice] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function platformChoice(texts: readonly string[] | undefined): PlatformChoice | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return texts.includes('all') ? 'all' : texts.map(parsePlatform);
}
