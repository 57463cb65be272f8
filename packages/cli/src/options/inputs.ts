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

export const INPUT_HELP = 'files, directories, charts or kustomizations; - for stdin';

/** Options of every command that takes INPUT. */
export const configOption = new Option(
  '--config <file>',
  `config file: app, registries, platforms, credentials, mirrors, imagePaths, include, exclude, rules (default: ${DEFAULT_CONFIG})`,
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

/** Options for what is pulled, and from where. */
export const platformOption = new Option(
  '--platform <os/arch>',
  'platform to include, or "all" (repeatable; default: linux/amd64)',
).argParser(repeated);
export const referrersOption = new Option(
  '--referrers',
  'include referrers: signatures, attestations, SBOMs',
);
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

export interface InputFlags {
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
  signal: AbortSignal,
) {
  if (inputs.filter(input => input === '-').length > 1)
    throw new AirgapError('USAGE', 'standard input can be read only once', { hint: 'Pass "-" once.' });
  const locations: RegistrySettings = {
    app: flags.app ?? config?.app,
    registries: { ...config?.registries, ...flags.registry },
  };
  return {
    specs: await Promise.all(inputs.map(input => readInput(input, signal))),
    locations,
    imagePaths: mergePaths(config?.imagePaths, flags.imagePath),
    includeUnread: flags.includeUnread,
    include: config?.include,
    exclude: [...(config?.exclude ?? []), ...(flags.exclude ?? [])],
    rules: config?.rules,
    signal,
    platforms: platformChoice(flags.platform ?? config?.platforms),
    mirrors: { ...config?.mirrors, ...flags.mirror },
  };
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

function platformChoice(texts: readonly string[] | undefined): PlatformChoice | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return texts.includes('all') ? 'all' : texts.map(parsePlatform);
}
