import { stringify } from 'yaml';
import type { Login } from './login.ts';

/** Where nodes need the certificate authorities of the registry. */
export const NODE_CA = '/etc/rancher/airgap-registry-ca.crt';

/** A registry that k3s and rke2 use instead of the hosts of the images. */
export interface RancherMirror {
  /** The host of the registry. */
  readonly registry: string;
  /** Its URL, without a path. */
  readonly url: string;
  /** The hosts of the images, each with the path prefix of its repositories at the registry. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Whether its certificate is signed by the authority in {@link NODE_CA}. */
  readonly hasAuthority: boolean;
  /** Whether its certificate is not verified. */
  readonly skipVerify: boolean;
  readonly login?: Login | undefined;
}

/** Renders `/etc/rancher/k3s/registries.yaml`, which rke2 reads as well, at `/etc/rancher/rke2/registries.yaml`. */
export function registriesYaml(mirror: RancherMirror): string {
  const mirrors = [...mirror.hosts].map(([host, prefix]): [string, object] => [
    host,
    {
      endpoint: [mirror.url],
      ...(prefix === '' ? {} : { rewrite: { '^(.*)$': `${prefix}/$1` } }),
    },
  ]);
  const config = registryConfig(mirror);
  return stringify(
    {
      mirrors: Object.fromEntries(mirrors),
      ...(Object.keys(config).length === 0 ? {} : { configs: { [mirror.registry]: config } }),
    },
    { lineWidth: 0 },
  );
}

function registryConfig({ login, hasAuthority, skipVerify }: RancherMirror): object {
  const tls = {
    ...(hasAuthority ? { ca_file: NODE_CA } : {}),
    ...(skipVerify ? { insecure_skip_verify: true } : {}),
  };
  return {
    ...(login ? { auth: { username: login.username, password: login.password } } : {}),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}
