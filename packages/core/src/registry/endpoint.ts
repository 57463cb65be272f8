import { isLoopback } from '../http/loopback.ts';
import { AirgapError } from '../model/errors.ts';
import { withoutTrailing } from '../model/without-trailing.ts';
import { DOCKER_HUB_API } from '../reference/reference.ts';

/** Where the requests for one registry are sent: the registry itself, or a mirror. */
export interface Endpoint {
  /** The host, with its port if any. It selects the credentials: a mirror never receives those of the registry. */
  readonly host: string;
  /** The schemes to try, in order. */
  readonly schemes: readonly ('https' | 'http')[];
  /** The prefix of repositories, without leading or trailing slashes; may be empty. */
  readonly prefix: string;
  /** Whether it is a mirror: the next endpoint is tried when it fails. */
  readonly isMirror: boolean;
}

export interface EndpointOptions {
  /** Registry host → its mirrors in order: URLs, with a path prefix if necessary. */
  readonly mirrors?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Hosts without TLS. */
  readonly plainHttp?: readonly string[] | undefined;
}

const API_HOSTS = new Map([['docker.io', DOCKER_HUB_API]]);

/**
 * Returns the endpoints of a registry: its mirrors, then the registry itself. A loopback registry is tried with TLS
 * first and then without, as Docker does; every other registry must have TLS unless it is in `plainHttp`.
 *
 * @throws AirgapError `USAGE` for a mirror with an invalid URL
 */
export function endpointsFor(registry: string, options: EndpointOptions): Endpoint[] {
  const { mirrors = {} } = options;
  const urls = Object.hasOwn(mirrors, registry) ? [mirrors[registry] ?? []].flat() : [];
  return [...urls.map(url => mirrorEndpoint(registry, url, options)), upstreamEndpoint(registry, options)];
}

/** Returns the endpoint of the registry itself, without its mirrors. */
export function upstreamEndpoint(registry: string, options: EndpointOptions): Endpoint {
  const host = API_HOSTS.get(registry) ?? registry;
  return { host, schemes: schemesFor(host, undefined, options), prefix: '', isMirror: false };
}

function mirrorEndpoint(registry: string, mirror: string, options: EndpointOptions): Endpoint {
  const url = mirrorUrl(registry, mirror);
  const { host, protocol } = url;
  return { host, schemes: schemesFor(host, protocol, options), prefix: prefixOf(url), isMirror: true };
}

function mirrorUrl(registry: string, mirror: string): URL {
  const text = mirror.includes('://') ? mirror : `any://${mirror}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.host && ['http:', 'https:', 'any:'].includes(url.protocol) && !url.username) return url;
  throw new AirgapError('USAGE', `the mirror of ${registry} has an invalid URL`, {
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
  const path = url.pathname.replace(/^\/v2(?=\/|$)/, '').replace(/^\/+/, '');
  return withoutTrailing(path, '/');
}
