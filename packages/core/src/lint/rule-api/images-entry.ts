import { endpointHost, type RegistrySettings } from '../../input/references.ts';
import { canonicalHost, type Reference } from '../../reference/reference.ts';
import { isReplicatedHost, proxiedImage } from '../../reference/replicated.ts';

/** The fields of an `images:` entry. */
export interface ImagesEntry {
  readonly source: string;
  readonly name: string;
  readonly tag: string;
}

/**
 * Returns the `images:` entry for a reference, without its digest. Docker's official images are `public` even if Docker
 * Hub is configured; a proxied image of an unconfigured registry has the host as its source.
 */
export function imagesEntryFor(reference: Reference, locations: RegistrySettings): ImagesEntry {
  const proxied = proxiedImage(reference, locations);
  const { name, registry, repository, tag = 'latest' } = proxied ?? reference;
  if (isReplicatedHost(registry, locations))
    return { source: 'replicated', name: repository.replace(/^[^/]*\//, ''), tag };
  const configured = registriesAt(registry, locations)[0];
  const source = configured ?? (proxied && registry);
  if (name.startsWith('docker.io/library/'))
    return { source: 'public', name: repository.slice('library/'.length), tag };
  if (source !== undefined) return { source, name: repository, tag };
  return { source: 'public', name: registry === 'docker.io' ? repository : name, tag };
}

/** Returns the names of the configured registries at a host. */
export function registriesAt(host: string, { registries = {} }: RegistrySettings): string[] {
  return Object.keys(registries).filter(name => canonicalHost(endpointHost(registries[name] ?? '')) === host);
}
