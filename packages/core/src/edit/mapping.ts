import { isAlias, isScalar, type Pair, type Scalar } from 'yaml';
import type { Edit } from './edit.ts';
import type { Place, YamlText } from './yaml-text.ts';

/** Returns the name of a key; undefined if the key is not a scalar. */
export function keyOf({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** Returns the pairs of a mapping with this key, without merged ones. */
export function pairsOf({ map }: Pick<Place, 'map'>, key: string): Pair[] {
  return map.items.filter(pair => keyOf(pair) === key);
}

/** Returns the range of a scalar without its quotes; undefined if it is empty or spans several lines. */
export function contentOf(text: YamlText, node: unknown): { start: number; end: number } | undefined {
  if (!isScalar(node) || !node.range) return undefined;
  const { type, range } = node;
  const quotes = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE' ? 1 : 0;
  if (quotes === 0 && type !== 'PLAIN') return undefined;
  const start = range[0] + quotes;
  const end = range[1] - quotes;
  return start < end && !text.text.slice(start, end).includes('\n') ? { start, end } : undefined;
}

/** Sets the scalar value of a key; undefined if the value has an anchor or a tag. */
export function setValue(text: YamlText, { key, value }: Pair, scalar: string): Edit | undefined {
  if (isAlias(value) && value.range) return { start: value.range[0], end: value.range[1], text: scalar };
  if (!isScalar(value) || value.anchor !== undefined || value.tag !== undefined) return undefined;
  const content = contentOf(text, value);
  if (content) return { ...content, text: scalar };
  return isScalar(key) && key.range ? insertValue(text, key.range[1], scalar) : undefined;
}

/** Inserts a value after a key without one. */
function insertValue(text: YamlText, keyEnd: number, scalar: string): Edit | undefined {
  const colon = /^[ \t]*:/.exec(text.text.slice(keyEnd, text.lineEnd(keyEnd)));
  if (!colon) return undefined;
  const at = keyEnd + colon[0].length;
  return text.isRestEmpty(at) ? { start: at, end: at, text: ` ${scalar}` } : undefined;
}

/** Adds a key after another one, in the style of the mapping; undefined if the result might be invalid. */
export function addKey(text: YamlText, place: Place, key: string, scalar: string): Edit | undefined {
  const { map, pair } = place;
  const end = valueEnd(text, pair);
  if (end === undefined || !isScalar(pair.key) || !pair.key.range) return undefined;
  if (map.flow) {
    const isJson = pair.key.type === 'QUOTE_DOUBLE';
    const entry = isJson ? `${JSON.stringify(key)}: ${JSON.stringify(scalar)}` : `${key}: ${scalar}`;
    return addInFlow(text, place, end, entry);
  }
  const indent = indentOf(text, pair.key.range[0]);
  if (indent === undefined || !text.isRestEmpty(end)) return undefined;
  const at = text.lineEnd(end);
  return { start: at, end: at, text: `${text.lineBreak(end)}${indent}${key}: ${scalar}` };
}

function addInFlow(text: YamlText, { map }: Place, end: number, entry: string): Edit | undefined {
  // A flow mapping without braces is a single pair of a list.
  if (text.text[map.range?.[0] ?? -1] !== '{') return undefined;
  return { start: end, end, text: `, ${entry}` };
}

function valueEnd(text: YamlText, { value }: Pair): number | undefined {
  const isPlaced = isAlias(value) || contentOf(text, value) !== undefined;
  return isPlaced ? (value as Scalar).range?.[1] : undefined;
}

/** Returns the indentation of a block mapping's keys; undefined if other text precedes the key on its line. */
export function indentOf(text: YamlText, keyStart: number): string | undefined {
  const before = text.lineBefore(keyStart);
  return /^ *(?:- +)*$/.test(before) ? ' '.repeat(before.length) : undefined;
}
