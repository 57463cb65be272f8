import { join } from 'node:path';
import {
  type ConfigLayer,
  type ConfigPlaces,
  distrustReason,
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
  const layers = await readOnce(flag, environment);
  return mergeLayers(layers.map(withoutTrustedKeys));
}

/** Reads the settings of a command that makes requests. @throws AirgapError `INPUT`, also for a key that does not count */
export async function readConfig(flag: string | undefined, environment: Environment): Promise<Settings> {
  const layers = await readOnce(flag, environment);
  await requireTrust(layers, configPlaces(flag, environment));
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
  const layers = await readOnce(flag, environment);
  await requireTrust(layers, places, ['signatures']);
  return mergeLayers(layers).signatures;
}

/** Reads the settings of which only the defaults of flags are used: without those of a config that is not trusted. */
export async function readDefaults(flag: string | undefined, environment: Environment): Promise<Settings> {
  const places = configPlaces(flag, environment);
  const layers = await readOnce(flag, environment);
  return mergeLayers(await Promise.all(layers.map(layer => countingDefaults(layer, places))));
}

async function countingDefaults(layer: ConfigLayer, places: ConfigPlaces): Promise<ConfigLayer> {
  const needsTrust = layer.file.config.requiresTrust?.some(({ key }) => key.startsWith('defaults.'));
  if (!needsTrust || (await distrustReason(layer, places)) === undefined) return layer;
  return withoutTrustedKeys(layer);
}

/** The configs of each run, by the value of --config. */
const READ = new WeakMap<Environment, Map<string | undefined, Promise<ConfigLayer[]>>>();

/** Reads the configs of a run once: one that is named may be a pipe. */
function readOnce(flag: string | undefined, environment: Environment): Promise<ConfigLayer[]> {
  const read = READ.get(environment) ?? new Map<string | undefined, Promise<ConfigLayer[]>>();
  READ.set(environment, read);
  const layers = read.get(flag) ?? readLayers(configPlaces(flag, environment));
  read.set(flag, layers);
  return layers;
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
