import type { ListedImage } from '../../input/model/spec.ts';
import { type RegistrySettings, toReference } from '../../input/references.ts';

type Registries = NonNullable<RegistrySettings['registries']>;

/** Returns the path of an endpoint, without slashes at its ends; empty without a path, or for that of the API. */
export function ignoredPath(endpoint: string): string {
  const [, ...parts] = endpoint.replace(/^https?:\/\//i, '').split('/');
  const path = parts.filter(part => part !== '').join('/');
  return path === 'v1' || path === 'v2' ? '' : path;
}

/** Returns the name that includes the path of the image's endpoint; undefined if the name is complete without it. */
export function nameWithPath({ source, name }: ListedImage, registries: Registries): string | undefined {
  const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
  const path = endpoint === undefined ? '' : ignoredPath(endpoint);
  if (path === '' || name.startsWith(`${path}/`)) return undefined;
  return `${path}/${name}`;
}

/** Returns the references that listed images would have if the paths of their endpoints counted. */
export function referencesWithPath(listed: readonly ListedImage[], locations: RegistrySettings): Set<string> {
  const references = new Set<string>();
  for (const image of listed) {
    const name = nameWithPath(image, locations.registries ?? {});
    const reference = name === undefined ? undefined : referenceOf({ ...image, name }, locations);
    if (reference !== undefined) references.add(reference);
  }
  return references;
}

function referenceOf(image: ListedImage, locations: RegistrySettings): string | undefined {
  try {
    return toReference(image, locations).toString();
  } catch {
    return undefined;
  }
}
