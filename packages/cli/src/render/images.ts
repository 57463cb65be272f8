import type { FoundImage, ImagesResult, InputProblem } from '@airgap/core';
import { renderPosition } from './position.ts';
import { printable } from './printable.ts';

/** One reference a line; below each, when asked for, every place that names it and why. */
export function renderImages(images: readonly FoundImage[], why: boolean): string {
  return images
    .map(image => `${printable(image.reference)}\n${why ? renderMentions(image, '  ') : ''}`)
    .join('');
}

/** Every place that names an image, one a line. */
export function renderMentions({ listed, used }: FoundImage, before: string): string {
  return [...listed, ...used]
    .map(mention => `${before}${renderPosition(mention)}: ${printable(mention.reason)}\n`)
    .join('');
}

/** What is not known of the images, one a line. */
export function renderUnknown({ templated, parseErrors, renderErrors }: ImagesResult): string {
  const templates = templated.map(
    ({ text, position }) => `${renderPosition(position)}: image name is a template: ${printable(text)}\n`,
  );
  return [...templates, ...[...parseErrors, ...renderErrors].map(renderProblem)].join('');
}

function renderProblem({ message, hint, position }: InputProblem): string {
  const place = position ? `${renderPosition(position)}: ` : '';
  return `${place}${printable(message)}${hint ? `\n  next: ${printable(hint)}` : ''}\n`;
}
