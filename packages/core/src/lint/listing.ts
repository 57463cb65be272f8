import { canonicalHost, type Reference } from '../reference/reference.ts';
import { REPLICATED_HOST } from '../reference/replicated.ts';
import { endpointHost, type Locations } from '../spec/locate.ts';

/** What an `images:` entry says of its image. */
export interface Listing {
  readonly source: string;
  readonly name: string;
  readonly tag: string;
}

/** The `images:` entry that would hold a reference; an entry has no digest. */
export function listingOf(reference: Reference, locations: Locations): Listing {
  const { name, registry, repository } = reference;
  const tag = reference.tag ?? 'latest';
  const [, ...rest] = repository.split('/');
  if (registry === REPLICATED_HOST) return { source: 'replicated', name: rest.join('/'), tag };
  const [configured] = registriesAt(registry, locations);
  if (configured === undefined) return { source: 'public', name, tag };
  return { source: configured, name: repository, tag };
}

/** The names of the configured registries at a host. */
export function registriesAt(host: string, { registries = {} }: Locations): string[] {
  return Object.keys(registries).filter(name => canonicalHost(endpointHost(registries[name] ?? '')) === host);
}
