import { join } from 'node:path';
import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import { type Naming, pathPrefix, type TargetLocation } from '../reference/relocation.ts';
import { upstreamEndpoint } from '../registry/endpoint.ts';
import { hostsToml } from './hosts-toml.ts';
import type { OutputFile } from './output-file.ts';
import type { RenamedImage } from './renamed-image.ts';

/** The certificate authority's file, beside the hosts.toml. */
const CA = 'ca.crt';

export interface HostsOptions {
  readonly target: TargetLocation;
  readonly naming: Naming;
  /** Hosts that speak http without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
  /** Hosts whose certificate is not checked. */
  readonly insecure?: readonly string[] | undefined;
  /** Certificate authorities in PEM, for one host or for all. */
  readonly ca?: readonly { readonly host?: string | undefined; readonly pem: string }[] | undefined;
}

/** Refuses a naming under which containerd could not find the images. @throws AirgapError `USAGE` */
export function checkHostsNaming(naming: Naming): void {
  if (naming !== 'kots') return;
  throw new AirgapError(
    'USAGE',
    'containerd finds images by their whole path, of which --naming kots keeps only the end',
    {
      hint: 'Leave --hosts-toml out, or load with --naming path or --naming host.',
    },
  );
}

/** containerd's folder of mirrors (`certs.d`): one `hosts.toml` for each host that the images are of. */
export function hostsFiles(
  directory: string,
  images: readonly RenamedImage[],
  options: HostsOptions,
): OutputFile[] {
  const { target, naming, insecure = [], ca = [] } = options;
  const own = ca.filter(({ host }) => host === undefined || host === target.registry);
  const skipVerify = insecure.includes(target.registry);
  const url = urlOf(target.registry, options, own.length > 0 || skipVerify);
  const hosts = [...new Set(images.map(({ name }) => name.registry))].sort(compareText);
  return hosts.flatMap(host => {
    const prefix = pathPrefix(host, target, naming) ?? '';
    const mirror = { url, prefix, skipVerify, ca: own.length > 0 ? CA : undefined };
    const file = (name: string, content: string): OutputFile => {
      return { kind: 'hosts-toml', path: join(directory, host, name), content };
    };
    const authority = own.map(({ pem }) => `${pem.trim()}\n`).join('');
    return [
      file('hosts.toml', hostsToml(urlOf(host, options), mirror)),
      ...(authority === '' ? [] : [file(CA, authority)]),
    ];
  });
}

/** Where a host's API is; on loopback without TLS unless that is known, as containerd has it. */
function urlOf(registry: string, { plainHttp }: HostsOptions, tls = false): string {
  const { host, schemes } = upstreamEndpoint(registry, { plainHttp });
  return `${tls ? schemes[0] : schemes.at(-1)}://${host}`;
}
