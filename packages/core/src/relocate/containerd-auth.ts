import type { Login } from './login.ts';

/** The CRI plugin that pulls images, by the version of containerd. */
const PLUGINS = { 1: 'io.containerd.grpc.v1.cri', 2: 'io.containerd.cri.v1.images' } as const;

/** The version of the configuration file, by the version of containerd. */
const CONFIG_VERSIONS = { 1: 2, 2: 3 } as const;

/** A major version of containerd whose configuration differs. */
export type ContainerdVersion = keyof typeof PLUGINS;

/**
 * Renders the part of containerd's config.toml with the credentials of a registry, to be imported by it. Kubernetes uses
 * it also for a mirror, to which it does not send pull secrets.
 */
export function containerdAuth(
  version: ContainerdVersion,
  host: string,
  { username, password }: Login,
): string {
  return `version = ${CONFIG_VERSIONS[version]}

[plugins.${quoted(PLUGINS[version])}.registry.configs.${quoted(host)}.auth]
  username = ${quoted(username)}
  password = ${quoted(password)}
`;
}

/** A basic string of TOML. JSON escapes all that TOML forbids but DEL. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}
