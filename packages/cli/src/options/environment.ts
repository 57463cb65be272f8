import { homedir } from 'node:os';
import { join } from 'node:path';

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
  /** Whether the environment wants colour; nothing when it does not care. */
  readonly color: boolean | undefined;
  /** Whether the terminal can move its cursor. */
  readonly live: boolean;
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
    color: colorWish(env) ?? (live ? undefined : false),
    live,
  };
}

/** See https://no-color.org and https://force-color.org; no wins over yes. */
function colorWish({ NO_COLOR, FORCE_COLOR }: NodeJS.ProcessEnv): boolean | undefined {
  if (NO_COLOR) return false;
  if (!FORCE_COLOR) return undefined;
  return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
}
