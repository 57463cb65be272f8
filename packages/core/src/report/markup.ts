import { maskSecrets } from '../model/secrets.ts';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Markup that is inserted as it is. Texts of others get into it only through {@link markup}, which escapes them. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Markup | readonly Markup[];

/**
 * A template for HTML and SVG. Texts are escaped, markup is inserted as it is.
 *
 * @example
 * markup`<td>${image.name}</td>`
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = parts.reduce((before, part, at) => `${before}${insert(values[at - 1] ?? '')}${part}`);
  return new Markup(text);
}

function insert(value: Value): string {
  if (value instanceof Markup) return value.text;
  return typeof value === 'object' ? value.map(({ text }) => text).join('') : escapeText(String(value));
}

/** Control characters and bidirectional marks are shown as `\u{…}`, and secrets are masked. */
function escapeText(text: string): string {
  const visible = maskSecrets(text).replace(
    /\p{C}|[\u2028\u2029]/gu,
    character => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
  return visible.replace(/[&<>"']/g, character => ENTITIES.get(character) ?? '');
}
