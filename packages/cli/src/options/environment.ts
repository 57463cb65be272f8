import { homedir } from 'node:os';
import { join } from 'node:path';
import { AirgapError } from '@airgap/core';

/** What the environment says. This is the only place that reads it. */
export interface Environment {
  /** docker's config.json files and podman's auth.json, in the order in which they count. */
  readonly credentialFiles: readonly string[];
  /** In seconds since 1970 (reproducible-builds.org). */
  readonly sourceDateEpoch: number | undefined;
  readonly debug: boolean;
  /** Whether the environment wants colour; nothing when it does not care. */
  readonly color: boolean | undefined;
}

/** @throws AirgapError `USAGE` for a SOURCE_DATE_EPOCH that is no number */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  return {
    credentialFiles: [
      ...(env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE] : []),
      join(env.DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json'),
      ...(env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    ],
    sourceDateEpoch: epoch(env.SOURCE_DATE_EPOCH),
    debug: Boolean(env.AIRGAP_DEBUG),
    color: env.NO_COLOR ? false : env.FORCE_COLOR && env.FORCE_COLOR !== '0' ? true : undefined,
  };
}

function epoch(text: string | undefined): number | undefined {
  if (!text) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new AirgapError('USAGE', `SOURCE_DATE_EPOCH is not a number of seconds: ${JSON.stringify(text)}`);
}
