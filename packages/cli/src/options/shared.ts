import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import {
  AirgapError,
  type Config,
  DEFAULT_CONCURRENCY,
  type ImagePaths,
  type Locations,
  type PlatformChoice,
  parsePlatform,
  type SourceText,
  unreadable,
} from '@airgap/core';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { PROGRESS_STYLES } from '../reporters/index.ts';
import { DEFAULT_CONFIG } from './config.ts';
import type { Environment } from './environment.ts';
import { readText } from './file.ts';
import { concurrency, keyValue, keyValues, repeated, timeout } from './parsers.ts';

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

/** How registries are reached; every command that talks to them has these. */
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
export const certOption = new Option(
  '--cert <[host=]file>',
  'prove who you are with this client certificate (repeatable; needs --key)',
).argParser(repeated);
export const keyOption = new Option(
  '--key <[host=]file>',
  "the client certificate's key (repeatable)",
).argParser(repeated);
export const timeoutOption = new Option(
  '--timeout <seconds>',
  'the longest silence of a registry that is waited for (default: 60)',
).argParser(timeout);
export const concurrencyOption = new Option(
  '--concurrency <n>',
  `transfers at once for each host, 1 to 256 (default: ${DEFAULT_CONCURRENCY})`,
).argParser(concurrency);
export const progressOption = new Option('--progress <how>', 'how to show progress')
  .choices(PROGRESS_STYLES)
  .default('auto' as const);
export const jsonOption = new Option('--json', 'one JSON object on stdout');

/** Gives a command the flags of all that connect to registries. */
export function connectionFlags<Args extends unknown[], Flags extends OptionValues>(
  command: Command<Args, Flags>,
) {
  return command
    .addOption(plainHttpOption)
    .addOption(insecureOption)
    .addOption(caOption)
    .addOption(certOption)
    .addOption(keyOption)
    .addOption(timeoutOption);
}

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
  const locations: Locations = {
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

export interface RemoteFlags {
  readonly plainHttp?: string[] | undefined;
  readonly insecure?: string[] | undefined;
  readonly ca?: string[] | undefined;
  readonly cert?: string[] | undefined;
  readonly key?: string[] | undefined;
  readonly timeout?: number | undefined;
  readonly concurrency?: number | undefined;
}

/** How to reach the registries, certificates read. */
export async function remoteOptions(flags: RemoteFlags, { proxy, caFiles }: Environment) {
  const { plainHttp, insecure, timeout, concurrency } = flags;
  return {
    plainHttp,
    insecure,
    ca: [...(await readAuthorities(caFiles)), ...(await readAuthorities(flags.ca))],
    clientCertificates: await readClientCertificates(flags),
    proxy,
    timeout,
    concurrency,
  };
}

/** The certificate authorities that flags or the environment name. */
export function readAuthorities(flags: readonly string[] = []): Promise<Pem[]> {
  return Promise.all(flags.map(flag => readPem(flag, 'the certificate authority')));
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
    throw signal.aborted ? signal.reason : unreadable('standard input', '<stdin>', cause);
  }
}

/** A file of certificates or keys, and the host that it is for. */
export interface Pem {
  readonly host: string | undefined;
  readonly pem: string;
}

async function readPem(flag: string, what: string): Promise<Pem> {
  const [, host, path = flag] = /^([^=/]+)=(.+)$/.exec(flag) ?? [];
  return { host, pem: await readText(path, what) };
}

/** Every certificate with the key of the same host. */
async function readClientCertificates({ cert = [], key = [] }: RemoteFlags) {
  const certs = await Promise.all(cert.map(flag => readPem(flag, 'the client certificate')));
  const keys = await Promise.all(key.map(flag => readPem(flag, 'the key')));
  if (keys.length > certs.length) throw lonely('--key', '--cert');
  return certs.map(({ host, pem }) => {
    const own = keys.find(one => one.host === host);
    if (!own) throw lonely('--cert', '--key');
    return { host, cert: pem, key: own.pem };
  });
}

function lonely(one: string, other: string): AirgapError {
  return new AirgapError('USAGE', `${one} without ${other}`, {
    hint: 'Give both, for the same host: --cert HOST=client.crt --key HOST=client.key.',
  });
}

function platformChoice(texts: readonly string[] | undefined): PlatformChoice | undefined {
  if (texts === undefined || texts.length === 0) return undefined;
  return texts.includes('all') ? 'all' : texts.map(parsePlatform);
}
