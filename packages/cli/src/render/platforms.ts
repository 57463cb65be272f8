import { printable } from './printable.ts';

/** Renders the platforms of an image, or the subject of a referrer such as a signature. */
export function renderPlatforms({
  platforms,
  subject,
}: {
  readonly platforms: readonly string[];
  readonly subject?: string;
}): string {
  const list = printable(platforms.join(', '));
  if (list !== '') return list;
  return subject === undefined ? 'no platform' : `refers to ${printable(subject)}`;
}
