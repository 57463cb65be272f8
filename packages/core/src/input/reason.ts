import type { ListedImage, UsedImage } from './model/spec.ts';

const FORMS: Readonly<Record<ListedImage['form'], string>> = {
  images: 'images: entry',
  component: 'container of a component',
  list: 'line of a list',
};
const CONTAINERS: Readonly<Record<string, string>> = {
  containers: 'container',
  initContainers: 'init container',
  ephemeralContainers: 'ephemeral container',
  volumes: 'volume',
  collectors: 'collector',
};

/** Says in a few words why a bundle holds a listed image. */
export function reasonOfListed({ form }: ListedImage): string {
  return FORMS[form];
}

/** Says in a few words what needs an image, for example `init container setup of Deployment web`. */
export function reasonOfUsed({ list, container, kind, workload }: UsedImage): string {
  const owner = workload === undefined ? kind : `${kind} ${workload}`;
  if (list === 'services') return owner;
  const part = CONTAINERS[list];
  if (part === undefined) return `${list} of ${owner}`;
  return container === undefined ? `${part} of ${owner}` : `${part} ${container} of ${owner}`;
}
