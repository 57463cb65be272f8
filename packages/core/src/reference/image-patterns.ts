import { aliasesOf } from './aliases.ts';
import type { Reference } from './reference.ts';

/**
 * Patterns that select images. A pattern is a name, with or without its tag or digest, in any spelling that Docker
 * accepts; `*` matches any characters, slashes included: `quay.io/team/*`, `redis`, `*:latest`.
 */
export class ImagePatterns {
  readonly #patterns: readonly (readonly string[])[];

  constructor(patterns: readonly string[] = []) {
    this.#patterns = patterns.map(pattern => pattern.split('*'));
  }

  /** Returns whether any pattern matches the image. */
  matches(reference: Reference): boolean {
    if (this.#patterns.length === 0) return false;
    const spellings = namesOf(reference);
    return this.#patterns.some(parts => spellings.some(spelling => matchesParts(spelling, parts)));
  }
}

function namesOf(reference: Reference): string[] {
  const { name } = reference;
  const full = reference.toString();
  const { tag } = reference.canonical();
  const versions = new Set(['', full.slice(name.length), ...(tag === undefined ? [] : [`:${tag}`])]);
  return aliasesOf(reference).flatMap(alias => [...versions].map(version => `${alias}${version}`));
}

/** Matches the parts between the `*` of a pattern: the first and last at the ends, the others in order. */
function matchesParts(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
