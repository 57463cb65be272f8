import type { FoundImage, ImagesResult, UnknownPart } from '@airgap/core';
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

/** Renders what could not be determined about the images. */
export function renderUnknown({ unknown, unread, unrendered }: ImagesResult): string {
  const templates = unknown.map(
    ({ text, position }) =>
      `${renderPosition(position)}: image name contains an unresolved template: ${printable(text)}\n`,
  );
  return [...templates, ...[...unread, ...unrendered].map(renderPart)].join('');
}

function renderPart({ message, hint, position }: UnknownPart): string {
  const place = position ? `${renderPosition(position)}: ` : '';
  return `${place}${printable(message)}${hint ? `\n  next: ${printable(hint)}` : ''}\n`;
}
