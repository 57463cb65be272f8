import { join } from 'node:path';
import {
  type ConfigPlaces,
  mergeLayers,
  readLayers,
  requireTrust,
  type Settings,
  withoutTrustedKeys,
} from '@airgap/core';
import type { Environment } from '../environment.ts';

export { DEFAULT_CONFIG } from '@airgap/core';

/** Reads the settings of a command that makes no request: without credentials and mirrors. @throws AirgapError `INPUT` */
export async function readOfflineConfig(
  flag: string | undefined,
  environment: Environment,
): Promise<Settings> {
  const layers = await readLayers(configPlaces(flag, environment));
  return mergeLayers(layers.map(withoutTrustedKeys));
}

/** Reads the settings of a command that makes requests. @throws AirgapError `INPUT`, also for a key that does not count */
export async function readConfig(flag: string | undefined, environment: Environment): Promise<Settings> {
  const places = configPlaces(flag, environment);
  const layers = await readLayers(places);
  await requireTrust(layers, places);
  return mergeLayers(layers);
}

/**
 * Reads the policy for signatures of images, for a command that makes no request: other keys do not matter.
 *
 * @throws AirgapError `INPUT`, also for a policy that does not count
 */
export async function readSignaturePolicy(
  flag: string | undefined,
  environment: Environment,
): Promise<Settings['signatures']> {
  const places = configPlaces(flag, environment);
  const layers = await readLayers(places);
  await requireTrust(layers, places, ['signatures']);
  return mergeLayers(layers).signatures;
}

/** Returns where configs are looked for. @param flag the value of --config */
export function configPlaces(flag: string | undefined, environment: Environment): ConfigPlaces {
  return {
    named: namedConfig(flag, environment),
    folder: '.',
    user: join(environment.configFolder, 'config.yaml'),
    trust: trustFile(environment),
  };
}

/** Returns the path of the list of trusted configs. */
export function trustFile({ configFolder }: Environment): string {
  return join(configFolder, 'trusted.json');
}

function namedConfig(flag: string | undefined, { config }: Environment): ConfigPlaces['named'] {
  if (flag !== undefined) return { origin: '--config', path: flag };
  return config === undefined ? undefined : { origin: 'AIRGAP_CONFIG', path: config };
}
