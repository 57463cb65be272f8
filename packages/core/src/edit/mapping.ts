import { isAlias, isScalar, type Pair, type Scalar } from 'yaml';
import type { Edit } from './edit.ts';
import type { Place, YamlText } from './yaml-text.ts';

/** Says what a key is called; nothing for a key that is no text. */
export function keyOf({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** The pairs of a mapping itself that have a key. */
export function pairsOf({ map }: Pick<Place, 'map'>, key: string): Pair[] {
  return map.items.filter(pair => keyOf(pair) === key);
}

/** Where a scalar's content stands, without its quotes; nothing when it takes several lines or is empty. */
export function contentOf(text: YamlText, node: unknown): { start: number; end: number } | undefined {
  if (!isScalar(node) || !node.range) return undefined;
  const { type, range } = node;
  const quotes = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? 1 : 0;
  if (quotes === 0 && type !== 'PLAIN') return undefined;
  const [start, end] = [range[0] + quotes, range[1] - quotes];
  return start < end && !text.text.slice(start, end).includes('\n') ? { start, end } : undefined;
}

/** Gives a key another word as its value; nothing when the value belongs to more than this key. */
export function setValue(text: YamlText, { key, value }: Pair, word: string): Edit | undefined {
  if (isAlias(value) && value.range) return { start: value.range[0], end: value.range[1], text: word };
  if (!isScalar(value) || value.anchor !== undefined || value.tag !== undefined) return undefined;
  const content = contentOf(text, value);
  if (content) return { ...content, text: word };
  return isScalar(key) && key.range ? fillIn(text, key.range[1], word) : undefined;
}

/** Writes a value behind a key that has none. */
function fillIn(text: YamlText, keyEnd: number, word: string): Edit | undefined {
  const [colon] = /^[ \t]*:/.exec(text.text.slice(keyEnd, text.lineEnd(keyEnd))) ?? [];
  if (colon === undefined) return undefined;
  const at = keyEnd + colon.length;
  return text.isLineDone(at) ? { start: at, end: at, text: ` ${word}` } : undefined;
}

/** Adds a key behind another one, in the manner of its mapping; nothing where that is not certain to be right. */
export function addKey(text: YamlText, place: Place, key: string, word: string): Edit | undefined {
  const { map, pair } = place;
  const end = valueEnd(text, pair);
  if (end === undefined || !isScalar(pair.key) || !pair.key.range) return undefined;
  if (map.flow)
    return addInFlow(
      text,
      place,
      end,
      pair.key.type === 'QUOTE_DOUBLE' ? [quoted(key), quoted(word)] : [key, word],
    );
  const indent = indentOf(text, pair.key.range[0]);
  if (indent === undefined || !text.isLineDone(end)) return undefined;
  const at = text.lineEnd(end);
  return { start: at, end: at, text: `${text.lineBreak(end)}${indent}${key}: ${word}` };
}

function addInFlow(
  text: YamlText,
  { map }: Place,
  end: number,
  [key, word]: [string, string],
): Edit | undefined {
  // Without braces it is a single pair of a list.
  if (text.text[map.range?.[0] ?? -1] !== '{') return undefined;
  return { start: end, end, text: `, ${key}: ${word}` };
}

function valueEnd(text: YamlText, { value }: Pair): number | undefined {
  const isPlaced = isAlias(value) || contentOf(text, value) !== undefined;
  return isPlaced ? (value as Scalar).range?.[1] : undefined;
}

/** The white space that a block mapping's next key needs; nothing when something else stands before this one. */
export function indentOf(text: YamlText, keyStart: number): string | undefined {
  const before = text.lineBefore(keyStart);
  return /^ *(?:- +)*$/.test(before) ? ' '.repeat(before.length) : undefined;
}

function quoted(word: string): string {
  return JSON.stringify(word);
}
