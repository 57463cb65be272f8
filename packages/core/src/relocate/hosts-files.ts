import { basename, dirname, join } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import { type Naming, pathPrefix, type TargetLocation } from '../reference/relocation.ts';
import { upstreamEndpoint } from '../registry/endpoint.ts';
import { type ContainerdVersion, containerdAuth } from './containerd-auth.ts';
import { hostsToml } from './hosts-toml.ts';
import type { Login } from './login.ts';
import type { OutputFile } from './output-file.ts';
import { NODE_CA, registriesYaml } from './registries-yaml.ts';
import type { RenamedImage } from './renamed-image.ts';

/** File name of the certificate authorities, next to hosts.toml. */
const CA = 'ca.crt';
/** The mode of files with a password. */
const PRIVATE = 0o600;

export interface HostsOptions {
  readonly target: TargetLocation;
  readonly naming: Naming;
  /** Hosts that use HTTP without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
  /** Hosts whose certificate is not verified. */
  readonly insecure?: readonly string[] | undefined;
  /** Certificate authorities in PEM, for one host or for all hosts. */
  readonly ca?: readonly { readonly host?: string | undefined; readonly pem: string }[] | undefined;
  /** The credentials for the target, if it needs some. */
  readonly login?: Login | undefined;
}

/** Rejects a naming with which containerd could not find the images. @throws AirgapError `USAGE` */
export function checkHostsNaming(naming: Naming): void {
  if (naming !== 'kots') return;
  throw new AirgapError(
    'USAGE',
    'mirrors need full repository paths, but --naming kots keeps only the last segment',
    { hint: 'Omit --hosts-toml and --registries-yaml, or load with --naming path or --naming host.' },
  );
}

/** The target as the nodes reach it. */
interface NodeTarget {
  /** Without a path. */
  readonly url: string;
  readonly skipVerify: boolean;
  /** Its certificate authorities in PEM; may be empty. */
  readonly authority: string;
}

function nodeTarget(options: HostsOptions): NodeTarget {
  const { target, insecure = [], ca = [] } = options;
  const authorities = ca.filter(({ host }) => host === undefined || host === target.registry);
  const authority = authorities.map(({ pem }) => `${pem.trim()}\n`).join('');
  const skipVerify = insecure.includes(target.registry);
  return { url: urlOf(target.registry, options, authority !== '' || skipVerify), skipVerify, authority };
}

/** The hosts that the images come from, sorted. */
function hostsOf(images: readonly RenamedImage[]): string[] {
  return [...new Set(images.map(({ name }) => name.registry))].sort(compareText);
}

/**
 * The files of containerd's registry configuration (`certs.d`): one `hosts.toml` for each host of the images, and the
 * credentials of the target for the config.toml of containerd 1.x and 2.x. Files with a password are for their owner only.
 */
export function hostsFiles(
  directory: string,
  images: readonly RenamedImage[],
  options: HostsOptions,
): OutputFile[] {
  const { target, naming, login } = options;
  const { url, skipVerify, authority } = nodeTarget(options);
  const mode = login ? PRIVATE : undefined;
  const file = (path: string, content: string, permissions?: number): OutputFile => {
    return { kind: 'hosts-toml', path: join(directory, path), content, mode: permissions };
  };
  const files = hostsOf(images).flatMap(host => {
    const prefix = pathPrefix(host, target, naming) ?? '';
    const mirror = { url, prefix, skipVerify, ca: authority === '' ? undefined : CA, login };
    return [
      file(join(host, 'hosts.toml'), hostsToml(urlOf(host, options), mirror), mode),
      ...(authority === '' ? [] : [file(join(host, CA), authority)]),
    ];
  });
  if (!login) return files;
  const versions: readonly ContainerdVersion[] = [1, 2];
  const credentials = versions.map(version =>
    file(`auth-containerd-${version}.toml`, containerdAuth(version, target.registry, login), PRIVATE),
  );
  return [...files, ...credentials];
}

/** The mirrors of k3s and rke2: `registries.yaml`, and the certificate authorities beside it. */
export function registriesFiles(
  path: string,
  images: readonly RenamedImage[],
  options: HostsOptions,
): OutputFile[] {
  const { target, naming, login } = options;
  const { url, skipVerify, authority } = nodeTarget(options);
  const hosts = new Map(hostsOf(images).map(host => [host, pathPrefix(host, target, naming) ?? '']));
  const hasAuthority = authority !== '';
  const content = registriesYaml({ registry: target.registry, url, hosts, hasAuthority, skipVerify, login });
  const kind = 'registries-yaml';
  return [
    { kind, path, content, mode: PRIVATE },
    ...(hasAuthority
      ? [{ kind, path: join(dirname(path), basename(NODE_CA)), content: authority } as const]
      : []),
  ];
}

/** The URL of a host's API. Like containerd, it uses HTTP on loopback unless TLS is configured. */
function urlOf(registry: string, { plainHttp }: HostsOptions, tls = false): string {
  const { host, schemes } = upstreamEndpoint(registry, { plainHttp });
  return `${tls ? schemes[0] : schemes.at(-1)}://${host}`;
}
