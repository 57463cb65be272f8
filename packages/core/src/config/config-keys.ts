import type { ConfigKey } from './config-schema.ts';

/** Where each key counts: anywhere, or only in a config that the user has chosen. A new key must be decided here. */
const SCOPES = {
  app: 'anywhere',
  registries: 'anywhere',
  platforms: 'anywhere',
  credentials: 'trusted',
  mirrors: 'trusted',
  signatures: 'trusted',
  imagePaths: 'anywhere',
  include: 'anywhere',
  exclude: 'anywhere',
  rules: 'anywhere',
  // Each flag has a scope of its own.
  defaults: 'anywhere',
} as const satisfies Record<ConfigKey, 'anywhere' | 'trusted'>;

/** A key that names a host, a file or a credential. It counts only in a trusted config. */
export type TrustedKey = {
  [Key in ConfigKey]: (typeof SCOPES)[Key] extends 'trusted' ? Key : never;
}[ConfigKey];

export const CONFIG_KEYS = Object.keys(SCOPES) as readonly ConfigKey[];
export const TRUSTED_KEYS = CONFIG_KEYS.filter(isTrustedKey);

function isTrustedKey(key: ConfigKey): key is TrustedKey {
  return SCOPES[key] === 'trusted';
}
