import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ProxyOptions } from '@airgap/core';

/** What the environment says. This is the only place that reads it. */
export interface Environment {
  /** docker's config.json files and podman's auth.json, in the order in which they count. */
  readonly credentialFiles: readonly string[];
  /** The config.json that docker itself reads and writes. */
  readonly dockerConfig: string;
  /** The value of a variable that the user's own config names. */
  readonly variable: (name: string) => string | undefined;
  /** SOURCE_DATE_EPOCH as it stands there (reproducible-builds.org). */
  readonly sourceDateEpoch: string | undefined;
  readonly debug: boolean;
  /** AIRGAP_PASSWORD: what airgap serve asks for. */
  readonly password: string | undefined;
  /** Whether the environment wants colour; nothing when it does not care. */
  readonly color: boolean | undefined;
  /** Whether the terminal can move its cursor. */
  readonly live: boolean;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in small letters as well. */
  readonly proxy: ProxyOptions;
  /** SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  readonly caFiles: readonly string[];
}

export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const live = env.TERM !== 'dumb';
  const dockerConfig = join(env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json');
  return {
    credentialFiles: [
      ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
      dockerConfig,
      ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    ],
    dockerConfig,
    variable: name => env[name],
    sourceDateEpoch: env.SOURCE_DATE_EPOCH || undefined,
    debug: Boolean(env.AIRGAP_DEBUG),
    password: env.AIRGAP_PASSWORD || undefined,
    color: colorWish(env) ?? (live ? undefined : false),
    live,
    proxy: proxyOf(env),
    caFiles: [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS].flatMap(file => file || []),
  };
}

/** As Go reads them: within CGI, HTTP_PROXY is what a client sent as its Proxy header. */
function proxyOf(env: NodeJS.ProcessEnv): ProxyOptions {
  const http = env.http_proxy || (env.REQUEST_METHOD ? undefined : env.HTTP_PROXY);
  return { http, https: env.https_proxy || env.HTTPS_PROXY, no: env.no_proxy || env.NO_PROXY };
}

/** See https://no-color.org and https://force-color.org; no wins over yes. */
function colorWish({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv): boolean | undefined {
  if (NO_COLOR) return false;
  if (!FORCE_COLOR) return undefined;
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}
