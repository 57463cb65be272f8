import { canonicalHost, type Reference } from '../reference/reference.ts';
import { PROXY_HOST } from '../reference/replicated.ts';

/** What is pulled through Replicated's proxy. */
export interface ReplicatedProxy {
  /** The slug of the application. */
  readonly app: string;
  /** The registry hosts whose images are pulled through the proxy. */
  readonly hosts: readonly string[];
  /** The vendor's domain for the proxy. Default: proxy.replicated.com. */
  readonly proxy?: string | undefined;
}

/** The registry and repository that a name is pulled from. */
export interface PullLocation {
  /** The registry host. */
  readonly registry: string;
  readonly repository: string;
}

/** Returns where a name is pulled from: its own registry, or the proxy, which has it under a longer name. */
export function pullLocation(name: Reference, proxied: ReplicatedProxy | undefined): PullLocation {
  if (!proxied?.hosts.some(host => canonicalHost(host) === name.registry))
    return { registry: name.registry, repository: name.repository };
  return { registry: proxied.proxy ?? PROXY_HOST, repository: `proxy/${proxied.app}/${name.name}` };
}
