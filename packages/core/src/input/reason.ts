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
export function reasonOfUsed({ field, container, kind, name }: UsedImage): string {
  const owner = name === undefined ? kind : `${kind} ${name}`;
  if (field === 'services') return owner;
  const part = CONTAINERS[field];
  if (part === undefined) return `${field} of ${owner}`;
  return container === undefined ? `${part} of ${owner}` : `${part} ${container} of ${owner}`;
}
