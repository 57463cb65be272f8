import { DOCKER_HUB, DOCKER_HUB_INDEX, Reference } from './reference.ts';

/** The namespace of official images on Docker Hub. */
const OFFICIAL = 'library/';

/**
 * Returns every spelling of a name without its tag or digest, the shortest first: images of Docker Hub may omit the
 * host and `library/`, and the host has two names.
 */
export function aliasesOf({ registry, repository, name }: Reference): string[] {
  if (registry !== DOCKER_HUB) return [name];
  const short = repository.startsWith(OFFICIAL) ? [repository.slice(OFFICIAL.length)] : [];
  const paths = [...short, repository];
  const aliases = ['', `${DOCKER_HUB}/`, `${DOCKER_HUB_INDEX}/`].flatMap(host =>
    paths.map(path => `${host}${path}`),
  );
  // A path whose first component looks like a host cannot omit the host.
  return aliases.filter(alias => Reference.parse(alias).name === name);
}
