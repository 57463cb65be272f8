import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { CredentialFile, ProxyOptions } from '@airgap/core';

/** The settings from environment variables. No other module reads them. */
export interface Environment {
  /** DOCKER_AUTH_CONFIG, docker's config.json files and podman's auth.json, in order of precedence. */
  readonly credentialFiles: readonly CredentialFile[];
  /** The config.json that docker itself reads and writes. */
  readonly dockerConfig: string;
  /** Returns the value of a variable that the config file names. */
  readonly variable: (name: string) => string | undefined;
  /** SOURCE_DATE_EPOCH, unparsed (reproducible-builds.org). */
  readonly sourceDateEpoch: string | undefined;
  /** AIRGAP_DEBUG: as `--debug`, with any value that does not say no; that flag sets it too. */
  debug: boolean;
  /** AIRGAP_PASSWORD: the password that airgap serve requires. */
  readonly password: string | undefined;
  /** COSIGN_PASSWORD: the password of the key that signs; it may be empty. */
  readonly keyPassword: string | undefined;
  /** Whether to use colour; undefined if the environment does not say. */
  readonly color: boolean | undefined;
  /** Whether the terminal can move its cursor. */
  readonly live: boolean;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in upper or lower case. */
  readonly proxy: ProxyOptions;
  /** SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  readonly caFiles: readonly string[];
  /** AIRGAP_CONFIG: a config file that replaces the airgap.yaml of the working folder. */
  readonly config: string | undefined;
  /** The index that a cluster has given to this worker, unparsed, and the variable that has it. */
  readonly shard: { readonly variable: string; readonly value: string } | undefined;
  /** The folder of the user's own config and of the list of trusted configs. */
  readonly configFolder: string;
  /** SSL_CERT_DIR: folders of certificate authorities. */
  readonly caFolders: readonly string[];
}

/** Reads the environment variables that airgap honours. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const live = env.TERM !== 'dumb';
  const dockerConfig = join(env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json');
  return {
    credentialFiles: [
      ...(env.DOCKER_AUTH_CONFIG ? [{ name: 'DOCKER_AUTH_CONFIG', text: env.DOCKER_AUTH_CONFIG }] : []),
      ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
      dockerConfig,
      ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    ],
    dockerConfig,
    variable: name => env[name],
    sourceDateEpoch: env.SOURCE_DATE_EPOCH || undefined,
    debug: !['', '0', 'false', 'no', 'off'].includes(env.AIRGAP_DEBUG ?? ''),
    password: env.AIRGAP_PASSWORD || undefined,
    keyPassword: env.COSIGN_PASSWORD,
    color: colorSetting(env) ?? (live ? undefined : false),
    live,
    proxy: proxyOf(env),
    caFiles: [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS].flatMap(file => file || []),
    config: env.AIRGAP_CONFIG || undefined,
    shard: shardOf(env),
    configFolder: join(configHome(env), 'airgap'),
    caFolders: (env.SSL_CERT_DIR ?? '').split(delimiter).filter(Boolean),
  };
}

/** The indexes of Kubernetes (Indexed Jobs), AWS Batch, Slurm and Nomad. */
const INDEXES = [
  'JOB_COMPLETION_INDEX',
  'AWS_BATCH_JOB_ARRAY_INDEX',
  'SLURM_ARRAY_TASK_ID',
  'NOMAD_ALLOC_INDEX',
] as const;

function shardOf(env: NodeJS.ProcessEnv): Environment['shard'] {
  const variable = INDEXES.find(name => env[name]);
  return variable && { variable, value: env[variable] ?? '' };
}

/** XDG_CONFIG_HOME, or ~/.config. A relative path is ignored (XDG Base Directory Specification). */
function configHome({ XDG_CONFIG_HOME: folder }: NodeJS.ProcessEnv): string {
  return folder && isAbsolute(folder) ? folder : join(homedir(), '.config');
}

/** Follows Go's ProxyFromEnvironment: in a CGI process HTTP_PROXY holds the client's Proxy header and is ignored. */
function proxyOf(env: NodeJS.ProcessEnv): ProxyOptions {
  const http = env.http_proxy || (env.REQUEST_METHOD ? undefined : env.HTTP_PROXY);
  return { http, https: env.https_proxy || env.HTTPS_PROXY, no: env.no_proxy || env.NO_PROXY };
}

/** See https://no-color.org and https://force-color.org; NO_COLOR takes precedence. */
function colorSetting({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv): boolean | undefined {
  if (NO_COLOR) return false;
  if (!FORCE_COLOR) return undefined;
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}
