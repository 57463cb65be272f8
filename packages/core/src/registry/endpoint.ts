import { isLoopback } from '../http/loopback.ts';
import { AirgapError } from '../model/errors.ts';
import { DOCKER_HUB_API } from '../reference/reference.ts';

/** Where the traffic for one registry host really goes. */
export interface Endpoint {
  /** The host that the traffic goes to, with its port when it has one. Errors and credentials go by it: a mirror never gets those of the registry. */
  readonly host: string;
  /** The schemes to try, in order. */
  readonly schemes: readonly ('https' | 'http')[];
  /** What stands before the repository in the path, without slashes at its ends; empty for none. */
  readonly prefix: string;
}

export interface EndpointOptions {
  /** Registry host → the URLs to ask in its place, in order, each with a path prefix if the mirror needs one. */
  readonly mirrors?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Hosts that speak http without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
}

const API_HOSTS = new Map([['docker.io', DOCKER_HUB_API]]);

/**
 * Finds where a registry's API is: its mirrors, and last the registry itself. A loopback registry is tried with TLS
 * first and without it next, as Docker does; every other one has TLS unless it is in `plainHttp`.
 *
 * @throws AirgapError `USAGE` for a mirror that is no URL
 */
export function endpointsFor(registry: string, options: EndpointOptions): Endpoint[] {
  const { mirrors: known = {} } = options;
  const mirrors = Object.hasOwn(known, registry) ? [known[registry] ?? []].flat() : [];
  return [
    ...mirrors.map(mirror => mirrorEndpoint(registry, mirror, options)),
    ownEndpoint(registry, options),
  ];
}

/** The registry itself, whatever mirrors it has. */
export function ownEndpoint(registry: string, options: EndpointOptions): Endpoint {
  const host = API_HOSTS.get(registry) ?? registry;
  return { host, schemes: schemesFor(host, undefined, options), prefix: '' };
}

function mirrorEndpoint(registry: string, mirror: string, options: EndpointOptions): Endpoint {
  const url = mirrorUrl(registry, mirror);
  const { host, protocol } = url;
  return { host, schemes: schemesFor(host, protocol, options), prefix: prefixOf(url) };
}

function mirrorUrl(registry: string, mirror: string): URL {
  const text = mirror.includes('://') ? mirror : `any://${mirror}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.host && ['http:', 'https:', 'any:'].includes(url.protocol) && !url.username) return url;
  throw new AirgapError('USAGE', `the mirror of ${registry} is not a URL`, {
    hint: `Write it as ${registry}=https://mirror.example.com/prefix, without credentials.`,
  });
}

function schemesFor(
  host: string,
  protocol: string | undefined,
  { plainHttp = [] }: EndpointOptions,
): Endpoint['schemes'] {
  if (protocol === 'http:' || plainHttp.includes(host)) return ['http'];
  if (protocol === 'https:') return ['https'];
  return isLoopback(host) ? ['https', 'http'] : ['https'];
}

function prefixOf(url: URL): string {
  return url.pathname.replace(/^\/v2(?=\/|$)/, '').replace(/^\/+|\/+$/g, '');
}
