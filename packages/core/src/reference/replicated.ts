import { Reference } from './reference.ts';

/** The registry for images of vendors. */
export const REPLICATED_HOST = 'registry.replicated.com';
/** The proxy that serves images of third-party registries to holders of a license. */
export const PROXY_HOST = 'proxy.replicated.com';

/** The vendor's own domains for Replicated's registries. */
export interface ReplicatedDomains {
  /** A host that is registry.replicated.com under another name. */
  readonly registryDomain?: string | undefined;
  /** A host that is proxy.replicated.com under another name. */
  readonly proxyDomain?: string | undefined;
}

/** `<app>/<host>/<path>` below the proxy. */
const PROXIED = /^proxy\/[^/]+\/([^/.:]*[.:][^/]*\/.+)$/;

/** Returns whether a host is the Replicated registry. */
export function isReplicatedHost(host: string, { registryDomain }: ReplicatedDomains): boolean {
  return isSame(host, REPLICATED_HOST) || (registryDomain !== undefined && isSame(host, registryDomain));
}

/** Returns whether a host is Replicated's proxy. */
export function isProxyHost(host: string, { proxyDomain }: ReplicatedDomains): boolean {
  return isSame(host, PROXY_HOST) || (proxyDomain !== undefined && isSame(host, proxyDomain));
}

/** Hosts have no case, and 443 is the port of all that have none. */
function isSame(host: string, other: string): boolean {
  return normalized(host) === normalized(other);
}

function normalized(host: string): string {
  return host.toLowerCase().replace(/:443$/, '');
}

/** Returns the image of a proxy name, `proxy.replicated.com/proxy/<app>/<host>/<path>`; undefined for other names. */
export function proxiedImage(reference: Reference, domains: ReplicatedDomains): Reference | undefined {
  if (!isProxyHost(reference.registry, domains)) return undefined;
  const { registry } = reference;
  const proxied = PROXIED.exec(reference.toString().slice(registry.length + 1))?.[1];
  return proxied === undefined ? undefined : Reference.parse(proxied);
}

/** Returns a name at the vendor's domain of the Replicated registry as the same name there; other names as they are. */
export function withoutDomain(reference: Reference, domains: ReplicatedDomains): Reference {
  if (!isReplicatedHost(reference.registry, domains)) return reference;
  return reference.relocate(REPLICATED_HOST, reference.repository);
}

/** What is pulled through Replicated's proxy: the application whose license allows it, and the host of the proxy. */
export interface ProxyApp {
  /** The slug of the application. */
  readonly app: string;
  /** The vendor's domain for the proxy. Default: proxy.replicated.com. */
  readonly proxy?: string | undefined;
}

/** Returns the name under which the proxy serves an image, with its tag and digest. */
export function proxyName(name: Reference, { app, proxy = PROXY_HOST }: ProxyApp): Reference {
  return name.relocate(proxy, `proxy/${app}/${name.name}`);
}
