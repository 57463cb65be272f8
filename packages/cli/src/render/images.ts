import type { FoundImage, ImagesResult, InputProblem } from '@airgap/core';
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

/** What is not known of the images, one a line. */
export function renderUnknown({ templated, parseErrors, renderErrors, notes }: ImagesResult): string {
  const templates = templated.map(
    ({ text, position }) => `${renderPosition(position)}: image name is a template: ${printable(text)}\n`,
  );
  return [...templates, ...[...parseErrors, ...renderErrors, ...notes].map(renderProblem)].join('');
}

function renderProblem({ message, hint, position }: InputProblem): string {
  const place = position ? `${renderPosition(position)}: ` : '';
  return `${place}${printable(message)}${hint ? `\n  next: ${printable(hint)}` : ''}\n`;
}
