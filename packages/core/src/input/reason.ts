import type { ListedImage, UnreadImage, UsedImage } from './model/spec.ts';

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

/** Describes a list entry in a few words. */
export function reasonOfListed({ form }: ListedImage): string {
  return FORMS[form];
}

/** Describes in a few words what uses an image, for example `init container setup of Deployment web`. */
export function reasonOfUsed({ field, container, kind, name }: UsedImage): string {
  const owner = name === undefined ? kind : `${kind} ${name}`;
  if (field === 'services') return owner;
  const part = CONTAINERS[field];
  if (part === undefined) return `${field} of ${owner}`;
  return container === undefined ? `${part} of ${owner}` : `${part} ${container} of ${owner}`;
}

/** Describes in a few words where an unread string is, for example `env KAFKA_IMAGE of Deployment operator`. */
export function reasonOfUnread({ place, kind, name }: UnreadImage): string {
  return name === undefined ? `${place} of ${kind}` : `${place} of ${kind} ${name}`;
}
