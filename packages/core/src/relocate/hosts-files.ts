import { join } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import { type Naming, pathPrefix, type TargetLocation } from '../reference/relocation.ts';
import { upstreamEndpoint } from '../registry/endpoint.ts';
import { hostsToml } from './hosts-toml.ts';
import type { OutputFile } from './output-file.ts';
import type { RenamedImage } from './renamed-image.ts';

/** File name of the certificate authorities, next to hosts.toml. */
const CA = 'ca.crt';

export interface HostsOptions {
  readonly target: TargetLocation;
  readonly naming: Naming;
  /** Hosts that use HTTP without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
  /** Hosts whose certificate is not verified. */
  readonly insecure?: readonly string[] | undefined;
  /** Certificate authorities in PEM, for one host or for all hosts. */
  readonly ca?: readonly { readonly host?: string | undefined; readonly pem: string }[] | undefined;
}

/** Rejects a naming with which containerd could not find the images. @throws AirgapError `USAGE` */
export function checkHostsNaming(naming: Naming): void {
  if (naming !== 'kots') return;
  throw new AirgapError(
    'USAGE',
    'hosts.toml needs full repository paths, but --naming kots keeps only the last segment',
    { hint: 'Omit --hosts-toml, or load with --naming path or --naming host.' },
  );
}

/** The files of containerd's registry configuration (`certs.d`): one `hosts.toml` for each host of the images. */
export function hostsFiles(
  directory: string,
  images: readonly RenamedImage[],
  options: HostsOptions,
): OutputFile[] {
  const { target, naming, insecure = [], ca = [] } = options;
  const authorities = ca.filter(({ host }) => host === undefined || host === target.registry);
  const authority = authorities.map(({ pem }) => `${pem.trim()}\n`).join('');
  const skipVerify = insecure.includes(target.registry);
  const url = urlOf(target.registry, options, authorities.length > 0 || skipVerify);
  const hosts = [...new Set(images.map(({ name }) => name.registry))].sort(compareText);
  return hosts.flatMap(host => {
    const prefix = pathPrefix(host, target, naming) ?? '';
    const mirror = { url, prefix, skipVerify, ca: authorities.length > 0 ? CA : undefined };
    const file = (name: string, content: string): OutputFile => {
      return { kind: 'hosts-toml', path: join(directory, host, name), content };
    };
    return [
      file('hosts.toml', hostsToml(urlOf(host, options), mirror)),
      ...(authority === '' ? [] : [file(CA, authority)]),
    ];
  });
}

/** The URL of a host's API. Like containerd, it uses HTTP on loopback unless TLS is configured. */
function urlOf(registry: string, { plainHttp }: HostsOptions, tls = false): string {
  const { host, schemes } = upstreamEndpoint(registry, { plainHttp });
  return `${tls ? schemes[0] : schemes.at(-1)}://${host}`;
}
