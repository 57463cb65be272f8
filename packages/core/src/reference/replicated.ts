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
const PROXIED = /^proxy\/[^/]+\/([^/]*[.:][^/]*\/.+)$/;

/** Returns whether a host is the Replicated registry. */
export function isReplicatedHost(host: string, { registryDomain }: ReplicatedDomains): boolean {
  return host === REPLICATED_HOST || host === registryDomain;
}

/** Returns whether a host is Replicated's proxy. */
export function isProxyHost(host: string, { proxyDomain }: ReplicatedDomains): boolean {
  return host === PROXY_HOST || host === proxyDomain;
}

/** Returns the image of a proxy name, `proxy.replicated.com/proxy/<app>/<host>/<path>`; undefined for other names. */
export function proxiedImage(reference: Reference, domains: ReplicatedDomains): Reference | undefined {
  if (!isProxyHost(reference.registry, domains)) return undefined;
  const { registry } = reference;
  const proxied = PROXIED.exec(reference.toString().slice(registry.length + 1))?.[1];
  return proxied === undefined ? undefined : Reference.parse(proxied);
}
