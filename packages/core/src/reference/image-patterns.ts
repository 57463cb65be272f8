import { wildcard } from '../model/wildcard.ts';
import { aliasesOf } from './aliases.ts';
import type { Reference } from './reference.ts';

/**
 * Patterns that select images. A pattern is a name, with or without its tag or digest, in any spelling that Docker
 * accepts; `*` matches any characters, slashes included: `quay.io/team/*`, `redis`, `*:latest`.
 */
export class ImagePatterns {
  readonly #patterns: readonly ((text: string) => boolean)[];

  constructor(patterns: readonly string[] = []) {
    this.#patterns = patterns.map(wildcard);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Returns whether any pattern matches the image. */
  matches(reference: Reference): boolean {
    if (this.isEmpty) return false;
    const spellings = namesOf(reference);
    return this.#patterns.some(matches => spellings.some(matches));
  }
}

function namesOf(reference: Reference): string[] {
  const { name } = reference;
  const full = reference.toString();
  const tag = reference.effectiveTag;
  const versions = new Set(['', full.slice(name.length), ...(tag === undefined ? [] : [`:${tag}`])]);
  return aliasesOf(reference).flatMap(alias => [...versions].map(version => `${alias}${version}`));
}
