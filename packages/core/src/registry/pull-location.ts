import { canonicalHost, type Reference } from '../reference/reference.ts';
import { type ProxyApp, proxyName } from '../reference/replicated.ts';

/** What is pulled through Replicated's proxy. */
export interface ReplicatedProxy extends ProxyApp {
  /** The registry hosts whose images are pulled through the proxy. */
  readonly hosts: readonly string[];
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
  const { registry, repository } = proxyName(name, proxied);
  return { registry, repository };
}
