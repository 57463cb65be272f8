import { canonicalHost, DOCKER_HUB_API } from '../../reference/reference.ts';

/** The key of Docker Hub in files and helpers. */
const HUB_KEY = 'https://index.docker.io/v1/';
/** Paths of keys that mean the complete host: docker used to write the URL of the API. */
const API_PATHS = new Set(['', 'v1', 'v2']);

/**
 * Returns what a key is for: a host, or a host and a repository prefix. Keys are hosts, but Docker Hub's is a URL, old
 * files have URLs for all hosts, and podman also writes `quay.io/organisation`.
 */
export function nameOfKey(key: string): string {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/');
  const prefix = path.filter(Boolean).join('/');
  return API_PATHS.has(prefix) ? credentialHost(host) : `${credentialHost(host)}/${prefix}`;
}

/** Returns the key of a host or of a host and a repository prefix in files and helpers, as docker writes it. */
export function keyOfHost(name: string): string {
  const key = credentialHost(name);
  return key === 'docker.io' ? HUB_KEY : key;
}

/** Returns the host whose credentials are used: Docker Hub's API uses those of Docker Hub. */
export function credentialHost(host: string): string {
  return host === DOCKER_HUB_API ? canonicalHost('docker.io') : canonicalHost(host);
}

/** Returns a name and its prefixes, the longest first: `a.io/team/app`, `a.io/team`, `a.io`. */
export function prefixesOf(name: string): string[] {
  const [host = '', ...path] = name.split('/');
  const hostName = credentialHost(host);
  const longer = path.map((_part, at) => [hostName, ...path.slice(0, at + 1)].join('/'));
  return [...longer.reverse(), hostName];
}

/** Returns whether a key does not match a name, but was probably meant for it: its host without the port is the same. */
export function isNearMiss(key: string, name: string): boolean {
  const prefixes = prefixesOf(name);
  const host = prefixes.at(-1) ?? name;
  return !prefixes.includes(nameOfKey(key)) && hostnameOf(nameOfKey(key)) === hostnameOf(host);
}

function hostnameOf(name: string): string {
  const [host = ''] = name.split('/', 1);
  return host.replace(/:\d+$/, '').toLowerCase();
}
