/** Maximum nesting of defaults. */
const MAX_DEPTH = 50;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATOR = /:?[-?+]/y;

/** The variables of a compose file, by name. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Replaces `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:+other}`, `${X+other}`, `${X:?error}` and `$$` as Compose
 * does, in linear time.
 *
 * @returns undefined if a variable without a default is not set, or if the syntax is invalid
 */
export function interpolate(text: string, variables: Variables): string | undefined {
  const interpolation = new Interpolation(text, variables);
  const value = interpolation.text(0);
  return interpolation.isKnown ? value : undefined;
}

class Interpolation {
  isKnown = true;
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  /** Reads up to the end, or inside braces up to the closing one. */
  text(depth: number): string {
    let value = '';
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (depth > 0 && character === '}') return value;
      this.#at += 1;
      value += character === '$' ? this.#variable(depth) : character;
    }
    if (depth > 0) this.isKnown = false;
    return value;
  }

  #variable(depth: number): string {
    if (this.#take('$')) return '$';
    if (this.#take('{')) return this.#braces(depth + 1);
    return this.#required(this.#variables.get(this.#match(NAME)));
  }

  #braces(depth: number): string {
    if (depth > MAX_DEPTH) return this.#required(undefined);
    const value = this.#variables.get(this.#match(NAME));
    const operator = this.#match(OPERATOR);
    const isKnown = this.isKnown;
    const word = this.text(depth);
    if (!this.#take('}')) return this.#required(undefined);
    const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
    const usesWord = operator.endsWith('-') ? !isSet : operator.endsWith('+') && isSet;
    if (usesWord) return word;
    // Only a word that is used must be known.
    this.isKnown = isKnown;
    if (operator.endsWith('+')) return '';
    const isInvalid = operator === '' && word !== '';
    return this.#required(isSet && !isInvalid ? value : undefined);
  }

  #required(value: string | undefined): string {
    if (value === undefined) this.isKnown = false;
    return value ?? '';
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
