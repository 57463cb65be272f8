/**
 * Makes text from outside safe for a terminal: control characters, escapes and the marks that turn the direction
 * of writing are shown as `\u{…}`; line ends stay.
 */
export function printable(text: string): string {
  return text.replace(
    /[^\P{C}\n\t]|[\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
