import { maskSecrets } from '@airgap/core';

/**
 * Makes text from outside safe for one line of a terminal: control characters, line ends, escapes and the marks that
 * turn the direction of writing are shown as `\u{…}`, and secrets are hidden.
 */
export function printable(text: string): string {
  return maskSecrets(text).replace(/\p{C}|[\u2028\u2029]/gu, escaped);
}

/** The same for text of several lines: line feeds and tabs stay. */
export function printableText(text: string): string {
  return maskSecrets(text).replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
