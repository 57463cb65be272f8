import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  AirgapError,
  type Config,
  fileReadError,
  type ImagePaths,
  type PlatformChoice,
  parsePlatform,
  type RegistrySettings,
  type SourceText,
} from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG } from './config.ts';
import { keyValue, keyValues, repeated } from './parsers.ts';

export const SPEC_HELP = 'files, directories, charts, kustomizations, or - for standard input';

/** Where specs are to be found and how their names are to be read; every command that takes SPEC has these. */
export const configOption = new Option(
  '--config <file>',
  `settings: app, registries, platforms, credentials, mirrors, imagePaths, rules (default: ${DEFAULT_CONFIG})`,
);
export const appOption = new Option('--app <slug>', 'the application, for images whose source is replicated');
export const registryOption = new Option(
  '--registry <name=endpoint>',
  'a third-party registry as source: calls it (repeatable)',
).argParser(keyValue);
export const imagePathOption = new Option(
  '--image-path <kind=path>',
  "where objects of a kind name images, as 'MyCRD=.spec.parts[*].image' (repeatable)",
).argParser(keyValues);

/** What is taken of the images that the specs name, and where from. */
export const platformOption = new Option(
  '--platform <os/arch>',
  'platforms to take, or "all" (repeatable; default: linux/amd64)',
).argParser(repeated);
export const referrersOption = new Option(
  '--referrers',
  'take what refers to the images as well: signatures, attestations, SBOMs',
);
export const mirrorOption = new Option(
  '--mirror <host=url>',
  "ask this URL in a host's place, and the host only for what it lacks (repeatable)",
).argParser(keyValues);
export const licenseOption = new Option(
  '--license <file|id>',
  "a customer's license, for registry.replicated.com and proxy.replicated.com",
);
export const viaProxyOption = new Option(
  '--via-proxy',
  'pull from third-party registries through proxy.replicated.com (with --app)',
);

export interface SpecFlags {
  readonly config?: string | undefined;
  readonly app?: string | undefined;
  readonly registry?: Record<string, string> | undefined;
  readonly imagePath?: ImagePaths | undefined;
  readonly platform?: string[] | undefined;
  readonly mirror?: Record<string, readonly string[]> | undefined;
}

/** The specs and what is known of their registries; flags win over the config file. */
export async function specOptions(
  specs: readonly string[],
  flags: SpecFlags,
  config: Config | undefined,
  signal: AbortSignal,
) {
  if (specs.filter(spec => spec === '-').length > 1)
    throw new AirgapError('USAGE', 'standard input can be read only once', { hint: 'Name "-" once.' });
  const locations: RegistrySettings = {
    app: flags.app ?? config?.app,
    registries: { ...config?.registries, ...flags.registry },
  };
  return {
    specs: await Promise.all(specs.map(spec => readSpec(spec, signal))),
    locations,
    imagePaths: bothPaths(config?.imagePaths, flags.imagePath),
    rules: config?.rules,
    signal,
    platforms: platformChoice(flags.platform ?? config?.platforms),
    mirrors: { ...config?.mirrors, ...flags.mirror },
  };
}

/** A flag adds a path to those of the config. */
export function bothPaths(config: ImagePaths = {}, flags: ImagePaths = {}): ImagePaths {
  const kinds = new Set([...Object.keys(config), ...Object.keys(flags)]);
  return Object.fromEntries(
    [...kinds].map(kind => [kind, [...(config[kind] ?? []), ...(flags[kind] ?? [])]]),
  );
}

async function readSpec(spec: string, signal: AbortSignal): Promise<string | SourceText> {
  if (spec !== '-') return spec;
  try {
    return { file: '<stdin>', text: await readAll(addAbortSignal(signal, process.stdin)) };
  } catch (cause) {
    throw signal.aborted ? signal.reason : fileReadError('standard input', '<stdin>', cause);
  }
}

function platformChoice(texts: readonly string[] | undefined): PlatformChoice | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return texts.includes('all') ? 'all' : texts.map(parsePlatform);
}
