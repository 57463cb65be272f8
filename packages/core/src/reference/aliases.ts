import { DOCKER_HUB, DOCKER_HUB_INDEX, Reference } from './reference.ts';

/** What Docker puts before a name of one part. */
const OFFICIAL = 'library/';

/**
 * Every way in which people write a name, without its tag or digest, the shortest first: an image of Docker Hub may go
 * without its host and without `library/`, and the host has two names.
 */
export function aliasesOf({ registry, repository, name }: Reference): string[] {
  if (registry !== DOCKER_HUB) return [name];
  const short = repository.startsWith(OFFICIAL) ? [repository.slice(OFFICIAL.length)] : [];
  const paths = [...short, repository];
  const spellings = ['', `${DOCKER_HUB}/`, `${DOCKER_HUB_INDEX}/`].flatMap(host =>
    paths.map(path => `${host}${path}`),
  );
  // A path whose first part looks like a host needs one before it.
  return spellings.filter(spelling => Reference.parse(spelling).name === name);
}
