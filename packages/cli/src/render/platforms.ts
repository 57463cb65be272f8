import { printable } from './printable.ts';

/** What an image runs on, or what it is about when it is a signature or the like. */
export function renderPlatforms({
  platforms,
  subject,
}: {
  readonly platforms: readonly string[];
  readonly subject?: string;
}): string {
  const about = subject === undefined ? 'no platform' : `about ${printable(subject)}`;
  return printable(platforms.join(', ')) || about;
}
