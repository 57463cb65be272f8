import type { FoundImage, ImagesResult, InputProblem, UnreadReference } from '@airgap/core';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

/** Renders one reference per line; with `why`, followed by every position that references it, and why. */
export function renderImages(images: readonly FoundImage[], why: boolean): string {
  return images
    .map(image => `${printable(image.reference)}\n${why ? renderMentions(image, '  ') : ''}`)
    .join('');
}

/** Renders every position that references an image, one per line. */
export function renderMentions({ listed, used }: FoundImage, before: string): string {
  return [...listed, ...used]
    .map(mention => `${before}${renderPosition(mention)}: ${printable(mention.reason)}\n`)
    .join('');
}

/** Renders what is not known of the images, one per line. */
export function renderUnknown(result: ImagesResult): string {
  const { templated, unread, parseErrors, renderErrors, notes } = result;
  const strings = unread.map(image => `${renderUnread(image)}\n`);
  const templates = templated.map(
    ({ text, position }) => `${renderPosition(position)}: image name is a template: ${printable(text)}\n`,
  );
  return [...templates, ...strings, ...[...parseErrors, ...renderErrors, ...notes].map(renderProblem)].join(
    '',
  );
}

/** Describes an image that only an unread string names, and its first position. */
export function renderUnread({ reference, mentions }: UnreadReference): string {
  const [first] = mentions;
  const place = first ? `${renderPosition(first)}: ` : '';
  const where = first ? ` in ${first.reason}` : '';
  const others = mentions.length > 1 ? ` and ${count(mentions.length - 1, 'more place')}` : '';
  return `${place}not included: ${printable(`${reference}${where}${others}`)}; use --include-unread to take it`;
}

function renderProblem({ message, hint, position }: InputProblem): string {
  const place = position ? `${renderPosition(position)}: ` : '';
  return `${place}${printable(message)}${hint ? `\n  next: ${printable(hint)}` : ''}\n`;
}
