import { endpointHost, type RegistrySettings } from '../../input/references.ts';
import { canonicalHost, type Reference } from '../../reference/reference.ts';
import { proxiedImage, REPLICATED_HOST } from '../../reference/replicated.ts';

/** What an `images:` entry says of its image. */
export interface ImagesEntry {
  readonly source: string;
  readonly name: string;
  readonly tag: string;
}

/**
 * The `images:` entry that would hold a reference; an entry has no digest. Docker's official images are public even for a
 * vendor who has configured Docker Hub, and a proxied image of a registry that is not configured has its host as source.
 */
export function imagesEntryFor(reference: Reference, locations: RegistrySettings): ImagesEntry {
  const behind = proxiedImage(reference);
  const { name, registry, repository, tag = 'latest' } = behind ?? reference;
  if (registry === REPLICATED_HOST)
    return { source: 'replicated', name: repository.replace(/^[^/]*\//, ''), tag };
  const [source = behind && registry] = registriesAt(registry, locations);
  if (name.startsWith('docker.io/library/'))
    return { source: 'public', name: repository.slice('library/'.length), tag };
  if (source !== undefined) return { source, name: repository, tag };
  return { source: 'public', name: registry === 'docker.io' ? repository : name, tag };
}

/** The names of the configured registries at a host. */
export function registriesAt(host: string, { registries = {} }: RegistrySettings): string[] {
  return Object.keys(registries).filter(name => canonicalHost(endpointHost(registries[name] ?? '')) === host);
}
