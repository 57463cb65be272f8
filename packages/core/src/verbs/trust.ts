import { basename, dirname, join } from 'node:path';
import { type ConfigFile, findConfigFile } from '../config/config-file.ts';
import { DEFAULT_CONFIG } from '../config/config-layers.ts';
import { type FlagDefaults, isTrustedFlag } from '../config/flag-defaults.ts';
import { formerTrustPath, TrustStore, trustPath } from '../config/trust-store.ts';
import { AirgapError } from '../model/errors.ts';
import { checkOptions } from './check-options.ts';

/** Options of `trust` and `distrust`. */
export interface TrustOptions {
  /** The folder with the `airgap.yaml`. */
  readonly folder: string;
  /** Path of the list of trusted configs. */
  readonly store: string;
}

export interface TrustResult {
  /** The real path of the folder, and `airgap.yaml`. */
  readonly path: string;
  /** SHA-256 of the trusted content, in hex. */
  readonly sha256: string;
  /** Hosts whose credentials the config names, with the variable or file that each comes from. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Hosts for which the config names mirrors. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  /** Patterns of the images for whose signatures the config has a rule, and the key of each. */
  readonly signatures: readonly { readonly pattern: string; readonly key?: string | undefined }[];
  /** The defaults of flags that count only in a trusted config. */
  readonly defaults: FlagDefaults;
}

/** A config in the list. */
export interface TrustedConfig {
  readonly path: string;
  readonly sha256: string;
  /** `changed` and `missing` configs do not count. */
  readonly state: 'trusted' | 'changed' | 'missing';
}

/**
 * Trusts the `airgap.yaml` of a folder with its present content: its `credentials`, `mirrors`, `signatures` and `defaults` count
 * from now on.
 *
 * @throws AirgapError `INPUT` for a missing or invalid config or list, `DISK` when the list cannot be written
 */
export async function trust(options: TrustOptions): Promise<TrustResult> {
  checkOptions('trust', options, ['folder', 'store']);
  const { folder, store } = options;
  const file = await findConfigFile(join(folder, DEFAULT_CONFIG));
  if (!file) throw noConfig(folder);
  const path = await trustPath(dirname(file.path), basename(file.path));
  await (await TrustStore.read(store)).add(path, file.sha256);
  return { path, sha256: file.sha256, ...contents(file) };
}

/**
 * Removes the `airgap.yaml` of a folder from the list. The folder need not exist.
 *
 * @returns whether it was in the list
 * @throws AirgapError `INPUT` for the list, `DISK` when it cannot be written
 */
export async function distrust(
  options: TrustOptions,
): Promise<{ readonly path: string; readonly removed: boolean }> {
  checkOptions('distrust', options, ['folder', 'store']);
  const { folder, store } = options;
  const path = await formerTrustPath(folder, DEFAULT_CONFIG);
  return { path, removed: await (await TrustStore.read(store)).remove(path) };
}

/** Lists the trusted configs, by path. @throws AirgapError `INPUT` for the list */
export async function trustedConfigs(store: string): Promise<TrustedConfig[]> {
  checkOptions('trustedConfigs', { store }, ['store']);
  const entries = (await TrustStore.read(store)).entries();
  return Promise.all(
    entries.map(async ([path, sha256]) => ({ path, sha256, state: await stateOf(path, sha256) })),
  );
}

async function stateOf(path: string, sha256: string): Promise<TrustedConfig['state']> {
  try {
    const file = await findConfigFile(path);
    if (!file) return 'missing';
    return file.sha256 === sha256 ? 'trusted' : 'changed';
  } catch (error) {
    // What cannot be read or parsed is not what was trusted.
    if (error instanceof AirgapError) return 'changed';
    throw error;
  }
}

function contents({
  config,
}: ConfigFile): Pick<TrustResult, 'credentials' | 'mirrors' | 'signatures' | 'defaults'> {
  const credentials = Object.entries(config.credentials ?? {}).map(([host, source]) => {
    const places = [
      source.usernameEnv && `$${source.usernameEnv}`,
      source.passwordEnv && `$${source.passwordEnv}`,
      source.identityTokenEnv && `$${source.identityTokenEnv}`,
      source.passwordFile,
    ];
    return [host, places.filter(Boolean).join(', ')];
  });
  const mirrors = Object.entries(config.mirrors ?? {}).map(([host, urls]) => [host, [urls].flat()]);
  const defaults = Object.entries(config.defaults ?? {}).filter(([flag]) => isTrustedFlag(flag));
  return {
    credentials: Object.fromEntries(credentials),
    mirrors: Object.fromEntries(mirrors),
    signatures: (config.signatures ?? []).map(({ pattern, key }) => ({ pattern, key })),
    defaults: Object.fromEntries(defaults),
  };
}

function noConfig(folder: string): AirgapError {
  return new AirgapError('INPUT', `no ${DEFAULT_CONFIG} found`, {
    where: { path: folder },
    hint: `Name the folder that contains ${DEFAULT_CONFIG}.`,
  });
}
