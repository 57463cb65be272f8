import type { Serving } from '@airgap/core';
import { count } from './count.ts';
import { printable } from './printable.ts';

/** Where the registry is, and what can be asked for. */
export function renderServing({ url, host, images, repositories }: Serving): string {
  const names = repositories.map(name => `  ${printable(`${host}/${name}`)}\n`);
  return `${count(images, 'image')} at ${printable(url)} until Ctrl-C\n${names.join('')}`;
}
