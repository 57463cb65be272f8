/**
 * The flags that `defaults:` may set, and where such a default counts. A flag that names a host, a file, a key or a
 * credential, weakens a check, or writes something counts only in a config that the user has chosen.
 */
const FLAG_SCOPES = {
  app: 'anywhere',
  'image-path': 'anywhere',
  'include-unread': 'anywhere',
  exclude: 'anywhere',
  'kube-version': 'anywhere',
  'api-versions': 'anywhere',
  set: 'anywhere',
  'include-optional': 'anywhere',
  platform: 'anywhere',
  referrers: 'anywhere',
  strict: 'anywhere',
  naming: 'anywhere',
  timeout: 'anywhere',
  concurrency: 'anywhere',
  why: 'anywhere',
  lint: 'anywhere',
  progress: 'anywhere',
  json: 'anywhere',
  quiet: 'anywhere',
  verbose: 'anywhere',
  output: 'trusted',
  reuse: 'trusted',
  report: 'trusted',
  from: 'trusted',
  'with-airgap': 'trusted',
  registry: 'trusted',
  mirror: 'trusted',
  license: 'trusted',
  'via-proxy': 'trusted',
  'proxy-domain': 'trusted',
  'registry-domain': 'trusted',
  'drop-attestations': 'trusted',
  'max-layer': 'trusted',
  'plain-http': 'trusted',
  insecure: 'trusted',
  ca: 'trusted',
  cert: 'trusted',
  key: 'trusted',
  env: 'trusted',
  'env-file': 'trusted',
  values: 'trusted',
  'fail-on': 'trusted',
  online: 'trusted',
  images: 'trusted',
  'on-existing': 'trusted',
  'check-blobs': 'anywhere',
  mapping: 'trusted',
  kustomize: 'trusted',
  'hosts-toml': 'trusted',
  'registries-yaml': 'trusted',
  'pull-secret': 'trusted',
  specs: 'trusted',
  rewrite: 'trusted',
  'helm-values': 'trusted',
  'proxy-names': 'trusted',
} as const satisfies Record<string, 'anywhere' | 'trusted'>;

type DefaultFlag = keyof typeof FLAG_SCOPES;

/** The names of flags, without `--`, and their values. A flag without a value has `true` or `false`. */
export type FlagDefaults = Readonly<Record<string, readonly string[]>>;

/** The names of the flags that `defaults:` may set, without `--`. */
export const DEFAULT_FLAGS = Object.keys(FLAG_SCOPES) as readonly DefaultFlag[];

/** Whether a default for this flag counts only in a trusted config. */
export function isTrustedFlag(flag: string): boolean {
  return FLAG_SCOPES[flag as DefaultFlag] !== 'anywhere';
}

/** Returns the defaults that count in every config. */
export function withoutTrustedFlags(defaults: FlagDefaults = {}): FlagDefaults {
  return Object.fromEntries(Object.entries(defaults).filter(([flag]) => !isTrustedFlag(flag)));
}
