import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  AirgapError,
  type Config,
  DEFAULT_CONCURRENCY,
  type Locations,
  type PlatformChoice,
  parsePlatform,
  type SourceText,
  unreadable,
} from '@airgap/core';
import { Option } from '@commander-js/extra-typings';
import { PROGRESS_STYLES } from '../reporters/index.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { concurrency, keyValue, repeated } from './parsers.ts';

export const SPEC_HELP = 'files, directories, or - for standard input';

/** Where specs are to be found and how their names are to be read; every command that takes SPEC has these. */
export const configOption = new Option(
  '--config <file>',
  `settings: app, registries, platforms, credentials (default: ${DEFAULT_CONFIG})`,
);
export const appOption = new Option('--app <slug>', 'the application, for images whose source is replicated');
export const registryOption = new Option(
  '--registry <name=endpoint>',
  'a third-party registry as source: calls it (repeatable)',
).argParser(keyValue);

/** How registries are reached; every command that talks to them has these. */
export const platformOption = new Option(
  '--platform <os/arch>',
  'platforms to take, or "all" (repeatable; default: linux/amd64)',
).argParser(repeated);
export const mirrorOption = new Option(
  '--mirror <host=url>',
  "send a host's traffic to this URL (repeatable)",
).argParser(keyValue);
export const plainHttpOption = new Option(
  '--plain-http <host>',
  'a registry without TLS (repeatable)',
).argParser(repeated);
export const insecureOption = new Option(
  '--insecure <host>',
  "do not check this registry's certificate (repeatable)",
).argParser(repeated);
export const caOption = new Option(
  '--ca <[host=]file>',
  'trust this certificate authority as well (repeatable)',
).argParser(repeated);
export const licenseOption = new Option(
  '--license <file|id>',
  "a customer's license, for registry.replicated.com and proxy.replicated.com",
);
export const viaProxyOption = new Option(
  '--via-proxy',
  'pull from third-party registries through proxy.replicated.com (with --app)',
);
export const concurrencyOption = new Option(
  '--concurrency <n>',
  `transfers at once for each host, 1 to 256 (default: ${DEFAULT_CONCURRENCY})`,
).argParser(concurrency);
export const progressOption = new Option('--progress <how>', 'how to show progress')
  .choices(PROGRESS_STYLES)
  .default('auto' as const);
export const jsonOption = new Option('--json', 'one JSON object on stdout');

export interface SpecFlags {
  readonly config?: string | undefined;
  readonly app?: string | undefined;
  readonly registry?: Record<string, string> | undefined;
  readonly platform?: string[] | undefined;
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
  const locations: Locations = {
    app: flags.app ?? config?.app,
    registries: { ...config?.registries, ...flags.registry },
  };
  return {
    specs: await Promise.all(specs.map(spec => readSpec(spec, signal))),
    locations,
    platforms: platformChoice(flags.platform ?? config?.platforms),
  };
}

export interface RemoteFlags {
  readonly mirror?: Record<string, string> | undefined;
  readonly plainHttp?: string[] | undefined;
  readonly insecure?: string[] | undefined;
  readonly ca?: string[] | undefined;
  readonly concurrency?: number | undefined;
}

/** How to reach the registries, certificates read. */
export async function remoteOptions({ mirror, plainHttp, insecure, ca = [], concurrency }: RemoteFlags) {
  return { mirrors: mirror, plainHttp, insecure, ca: await Promise.all(ca.map(readCa)), concurrency };
}

async function readSpec(spec: string, signal: AbortSignal): Promise<string | SourceText> {
  if (spec !== '-') return spec;
  try {
    return { file: '<stdin>', text: await readAll(addAbortSignal(signal, process.stdin)) };
  } catch (cause) {
    throw signal.aborted ? signal.reason : unreadable('standard input', '<stdin>', cause);
  }
}

async function readCa(flag: string): Promise<{ host?: string; pem: string }> {
  const [, host, path = flag] = /^([^=/]+)=(.+)$/.exec(flag) ?? [];
  try {
    const pem = await readFile(path, 'utf8');
    return host === undefined ? { pem } : { host, pem };
  } catch (cause) {
    throw unreadable('the certificate authority', path, cause);
  }
}

function platformChoice(texts: readonly string[] | undefined): PlatformChoice | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return texts.includes('all') ? 'all' : texts.map(parsePlatform);
}
