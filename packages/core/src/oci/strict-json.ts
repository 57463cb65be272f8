import { parseJson } from '../model/parse-json.ts';

/**
 * The keys of an object that programs read by name, each with those of its value. A list has the keys of its elements.
 * Other keys are not read, and may hold anything.
 */
export interface Keys {
  readonly [key: string]: Keys | typeof MAP | null;
}

/** An object whose keys are data, such as annotations: they may differ only in case. */
export const MAP = 'map';

/** Why programs read different documents from the same bytes. */
export class AmbiguousJson extends Error {}

/**
 * Parses JSON that all programs read alike. Go's decoder takes `Layers` for `layers`, and the last of several such keys;
 * it rejects `1.0` for an integer. So, where keys are read, none may appear twice or differ only in case, and numbers
 * must be plain integers.
 *
 * @returns undefined for what is not JSON in UTF-8, or is nested too deeply
 * @throws AmbiguousJson
 */
export function parseStrictJson(content: Uint8Array | string, keys: Keys): unknown {
  const document = parseJson(content);
  if (document === undefined) return undefined;
  new Scanner(typeof content === 'string' ? content : Buffer.from(content).toString('utf8'), keys).run();
  return document;
}

/** An open object or list. */
interface Level {
  /** The keys that are read; undefined where nothing is. */
  readonly keys: Keys | typeof MAP | undefined;
  /** The keys of an object so far, by their folded form. */
  readonly seen: Map<string, string>;
  readonly isObject: boolean;
  /** The current key of an object. */
  key: string;
  /** The current index of a list. */
  index: number;
  /** Whether a string is a key. */
  expectsKey: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /[-+.0-9eE]+/y;

/** Goes through a valid JSON text, from token to token. */
class Scanner {
  readonly #text: string;
  readonly #root: Keys;
  readonly #levels: Level[] = [];
  #at = 0;

  constructor(text: string, root: Keys) {
    this.#text = text;
    this.#root = root;
  }

  run(): void {
    while (this.#at < this.#text.length) this.#token(this.#text.charAt(this.#at));
  }

  get #level(): Level | undefined {
    return this.#levels.at(-1);
  }

  #token(first: string): void {
    if (first === '"') this.#string();
    else if (first === '-' || (first >= '0' && first <= '9')) this.#number();
    else this.#mark(first);
  }

  /** A bracket, a comma or a colon; anything else is passed over. */
  #mark(character: string): void {
    if (character === '{' || character === '[') this.#open(character === '{');
    else if (character === '}' || character === ']') this.#levels.pop();
    else if (character === ',') this.#next();
    this.#at += 1;
  }

  #open(isObject: boolean): void {
    const keys = this.#valueKeys();
    this.#levels.push({ keys, isObject, seen: new Map(), key: '', index: 0, expectsKey: isObject });
  }

  /** The keys that are read in the value at this position. */
  #valueKeys(): Keys | typeof MAP | undefined {
    const level = this.#level;
    if (level === undefined) return this.#root;
    if (level.keys === undefined || level.keys === MAP) return undefined;
    if (!level.isObject) return level.keys;
    return Object.hasOwn(level.keys, level.key) ? (level.keys[level.key] ?? undefined) : undefined;
  }

  #next(): void {
    const level = this.#level;
    if (level === undefined) return;
    level.index += 1;
    level.expectsKey = level.isObject;
  }

  #string(): void {
    const start = this.#at;
    this.#at = endOfString(this.#text, start);
    const level = this.#level;
    if (!level?.expectsKey) return;
    level.expectsKey = false;
    level.key = JSON.parse(this.#text.slice(start, this.#at)) as string;
    if (level.keys !== undefined) this.#checkKey(level, level.keys);
  }

  #checkKey({ key, seen }: Level, keys: Keys | typeof MAP): void {
    const folded = keys === MAP ? key : fold(key);
    const before = seen.get(folded);
    seen.set(folded, key);
    if (before === key) throw this.#ambiguous(`the key ${quoted(key)} appears twice`);
    if (before !== undefined)
      throw this.#ambiguous(`the keys ${quoted(before)} and ${quoted(key)} differ only in case`);
    const known = keys === MAP ? undefined : foldedKeys(keys).get(folded);
    if (known !== undefined && known !== key)
      throw this.#ambiguous(`the key ${quoted(key)} must be written ${quoted(known)}`);
  }

  #number(): void {
    const start = this.#at;
    NUMBER.lastIndex = start;
    this.#at += NUMBER.exec(this.#text)?.[0].length ?? 1;
    const level = this.#level;
    const isRead = level?.isObject && typeof level.keys === 'object' && Object.hasOwn(level.keys, level.key);
    const number = this.#text.slice(start, this.#at);
    if (isRead && !isPlainInteger(number))
      throw this.#ambiguous(`${quoted(level.key)} must be a plain integer, got ${number.slice(0, 40)}`);
  }

  #ambiguous(reason: string): AmbiguousJson {
    const path = this.#levels
      .slice(0, -1)
      .map(({ isObject, key, index }) => (isObject ? `.${key}` : `[${index}]`));
    const place = path.join('').replace(/^\./, '');
    return new AmbiguousJson(place === '' ? reason : `${place}: ${reason}`);
  }
}

/** The position after the string that starts here. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at))
    at += code === BACKSLASH ? 2 : 1;
  return at + 1;
}

const folded = new WeakMap<Keys, ReadonlyMap<string, string>>();

/** The keys by their folded form. */
function foldedKeys(keys: Keys): ReadonlyMap<string, string> {
  const known = folded.get(keys) ?? new Map(Object.keys(keys).map(key => [fold(key), key]));
  folded.set(keys, known);
  return known;
}

/** Folds as Go's decoder does: `ſ` is an `s`, and the Kelvin sign a `k`. */
function fold(key: string): string {
  return key.toLowerCase().replaceAll('ſ', 's');
}

function isPlainInteger(text: string): boolean {
  return /^(?:0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(Number(text));
}

function quoted(key: string): string {
  return JSON.stringify(key.slice(0, 100));
}
