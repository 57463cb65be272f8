import { basename, dirname, join } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import type { Config } from './config.ts';
import { type ConfigFile, findConfigFile, readConfigFile } from './config-file.ts';
import { TRUSTED_KEYS, type TrustedKey } from './config-keys.ts';
import { withoutTrustedFlags } from './flag-defaults.ts';
import { writableByOthers } from './private-file.ts';
import { TrustStore, trustPath } from './trust-store.ts';

/** The config that is read in the working folder. */
export const DEFAULT_CONFIG = 'airgap.yaml';

/** How a config was found: named by a flag or variable, in the working folder, or in the user's own folder. */
export type ConfigOrigin = '--config' | 'AIRGAP_CONFIG' | 'folder' | 'user';

/** Where configs are looked for. */
export interface ConfigPlaces {
  /** A config that the user names. It replaces that of the working folder. */
  readonly named?: { readonly origin: '--config' | 'AIRGAP_CONFIG'; readonly path: string } | undefined;
  /** The working folder. */
  readonly folder: string;
  /** The user's own config; undefined for none. */
  readonly user?: string | undefined;
  /** The list of trusted configs. */
  readonly trust: string;
}

/** One config that counts in a run. */
export interface ConfigLayer {
  readonly origin: ConfigOrigin;
  readonly file: ConfigFile;
}

/** The settings of all layers together. */
export interface Settings extends Config {
  /** Registry host → the path of the config that says where its credentials are. */
  readonly credentialsFrom: Readonly<Record<string, string>>;
  /** Registry host → the path of the config that names its mirrors. */
  readonly mirrorsFrom: Readonly<Record<string, string>>;
  /** Flag → the path of the config with its default. */
  readonly defaultsFrom: Readonly<Record<string, string>>;
}

/** Reads the configs of a run: the user's own first, then the one that takes precedence. @throws AirgapError `INPUT` */
export async function readLayers(places: ConfigPlaces): Promise<ConfigLayer[]> {
  const { named, folder, user } = places;
  const own = user === undefined ? undefined : await findConfigFile(user);
  const layers: ConfigLayer[] = own ? [{ origin: 'user', file: own }] : [];
  if (named) return [...layers, { origin: named.origin, file: await readConfigFile(named.path) }];
  const found = await findConfigFile(join(folder, DEFAULT_CONFIG));
  return found ? [...layers, { origin: 'folder', file: found }] : layers;
}

/**
 * Returns why the keys of a layer that require trust do not count; undefined if they do.
 *
 * @throws AirgapError `INPUT` for a list of trusted configs that cannot be used
 */
export async function distrustReason(
  { origin, file }: ConfigLayer,
  places: ConfigPlaces,
): Promise<string | undefined> {
  if (origin === 'user') return writableByOthers(file.path, file.stats);
  if (origin !== 'folder') return undefined;
  const store = await TrustStore.read(places.trust);
  const recorded = store.digest(await trustPath(dirname(file.path), basename(file.path)));
  if (recorded === undefined) return 'its folder is not trusted';
  return recorded === file.sha256 ? undefined : 'it has changed since it was trusted';
}

/**
 * Checks that the keys of all layers count.
 *
 * @param keys that matter; by default all
 * @throws AirgapError `INPUT` which names the keys and the ways to allow them
 */
export async function requireTrust(
  layers: readonly ConfigLayer[],
  places: ConfigPlaces,
  keys?: readonly TrustedKey[],
): Promise<void> {
  for (const layer of layers) {
    const required = layer.file.config.requiresTrust ?? [];
    if (!required.some(({ key }) => keys?.some(wanted => wanted === key) ?? true)) continue;
    const reason = await distrustReason(layer, places);
    if (reason !== undefined) throw untrusted(layer, reason, places);
  }
}

/** Merges the settings of all layers; later ones take precedence, entry by entry. */
export function mergeLayers(layers: readonly ConfigLayer[]): Settings {
  const start: Settings = { registries: {}, credentialsFrom: {}, mirrorsFrom: {}, defaultsFrom: {} };
  return layers.reduce(addLayer, start);
}

/** Returns the layer without the keys that count only in a trusted config. */
export function withoutTrustedKeys({ origin, file }: ConfigLayer): ConfigLayer {
  const removed = Object.fromEntries(TRUSTED_KEYS.map(key => [key, undefined]));
  const defaults = withoutTrustedFlags(file.config.defaults);
  return { origin, file: { ...file, config: { ...file.config, ...removed, defaults, requiresTrust: [] } } };
}

function addLayer(base: Settings, { file: { path, config } }: ConfigLayer): Settings {
  const from = (entries: object | undefined) =>
    Object.fromEntries(Object.keys(entries ?? {}).map(key => [key, path]));
  return {
    app: config.app ?? base.app,
    registries: { ...base.registries, ...config.registries },
    platforms: config.platforms ?? base.platforms,
    // The first pattern that matches counts: those of this config come first.
    imagePlatforms: { ...config.imagePlatforms, ...base.imagePlatforms, ...config.imagePlatforms },
    credentials: { ...base.credentials, ...config.credentials },
    credentialsFrom: { ...base.credentialsFrom, ...from(config.credentials) },
    mirrors: { ...base.mirrors, ...config.mirrors },
    mirrorsFrom: { ...base.mirrorsFrom, ...from(config.mirrors) },
    // The first rule that matches counts.
    signatures: [...(config.signatures ?? []), ...(base.signatures ?? [])],
    imagePaths: { ...base.imagePaths, ...config.imagePaths },
    include: [...(base.include ?? []), ...(config.include ?? [])],
    exclude: [...(base.exclude ?? []), ...(config.exclude ?? [])],
    rules: [...(base.rules ?? []), ...(config.rules ?? [])],
    defaults: { ...base.defaults, ...config.defaults },
    defaultsFrom: { ...base.defaultsFrom, ...from(config.defaults) },
  };
}

function untrusted({ origin, file }: ConfigLayer, reason: string, { user }: ConfigPlaces): AirgapError {
  const settings = file.config.requiresTrust ?? [];
  const keys = settings.map(({ key }) => `"${key}"`).join(' and ');
  const [first] = settings;
  const verb = settings.length === 1 ? 'does' : 'do';
  return new AirgapError('INPUT', `${keys} of ${file.path} ${verb} not count: ${reason}`, {
    where: first ? { position: first.position } : { path: file.path },
    hint:
      origin === 'user'
        ? 'Check its content, then run chmod go-w on the file and its folder.'
        : `Check the file, then run "airgap trust", or pass --config ${DEFAULT_CONFIG}, or set AIRGAP_CONFIG, or move the keys to ${user ?? 'your own config'}.`,
  });
}
