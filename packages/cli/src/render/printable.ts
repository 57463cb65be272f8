import { maskSecrets } from '@airgap/core';

/**
 * Makes untrusted text safe for one line of a terminal: control characters, line endings, escape sequences and
 * bidirectional marks are shown as `\u{…}`, and secrets are masked.
 */
export function printable(text: string): string {
  return maskSecrets(text).replace(/\p{C}|[\u2028\u2029]/gu, escaped);
}

/** Does the same for multi-line text. Line feeds and tabs stay. */
export function printableText(text: string): string {
  return maskSecrets(text).replace(/[^\P{C}\n\t]|[\u2028\u2029]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
