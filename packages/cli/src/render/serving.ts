import type { Serving } from '@airgap/core';
import { count } from './count.ts';
import { printable } from './printable.ts';

/** Renders the URL of the registry and its repositories. */
export function renderServing({ url, host, images, repositories }: Serving): string {
  const names = repositories.map(name => `  ${printable(`${host}/${name}`)}\n`);
  return `serving ${count(images, 'image')} at ${printable(url)} (Ctrl-C to stop)\n${names.join('')}`;
}
