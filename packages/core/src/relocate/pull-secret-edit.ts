import { isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Edit } from '../edit/edit.ts';
import { indentOf, pairsOf } from '../edit/mapping.ts';
import { scalarText } from '../edit/scalar-text.ts';
import type { YamlText } from '../edit/yaml-text.ts';
import type { SpecDocument } from '../input/yaml/document.ts';

const KEY = 'imagePullSecrets';
const TEMPLATE = '{{';

/** A pod spec in its document. */
export interface Pod {
  readonly text: YamlText;
  readonly document: SpecDocument;
  readonly map: YAMLMap;
}

/** Adds a pull secret to a pod, unless it is already present or the list cannot be edited safely. */
export function pullSecretEdit(pod: Pod, secret: string): Edit | 'already present' | 'cannot be edited' {
  const { document, map } = pod;
  const [pair, ...others] = pairsOf(pod, KEY);
  if (others.length > 0) return 'cannot be edited';
  const secrets = document.items(document.get(map, KEY));
  if (secrets.some(item => document.text(document.get(item, 'name'))?.value === secret))
    return 'already present';
  // A list from a merge key may be shared with other pods.
  if (!pair && document.get(map, KEY) !== undefined) return 'cannot be edited';
  const edit = pair ? addItem(pod, pair, secret) : addKey(pod, secret);
  return edit ?? 'cannot be edited';
}

/** Adds the list before `containers`: every pod has this key, and it is rarely inside a template branch. */
function addKey(pod: Pod, secret: string): Edit | undefined {
  const { text, map } = pod;
  const [containers, ...others] = pairsOf(pod, 'containers');
  const key = containers?.key;
  if (others.length > 0 || !isScalar(key) || !key.range) return undefined;
  const [start] = key.range;
  if (map.flow) {
    const quotedKey = key.type === 'QUOTE_DOUBLE' ? JSON.stringify(KEY) : KEY;
    return insert(start, `${quotedKey}: [${flowItem(containers, secret)}], `);
  }
  const indent = indentOf(text, start);
  if (indent === undefined) return undefined;
  const newLine = `${text.lineBreak(start)}${indent}`;
  return insert(start, `${KEY}:${newLine}- name: ${scalarText(secret)}${newLine}`);
}

/** Adds an item before the others, unless the list contains a template. */
function addItem({ text }: Pod, pair: Pair, secret: string): Edit | undefined {
  const { key, value } = pair;
  if (!isSeq(value) || !value.range || !isScalar(key) || !key.range) return undefined;
  const [start, end] = value.range;
  if (text.text.slice(key.range[0], end).includes(TEMPLATE)) return undefined;
  if (value.flow) return insert(start + 1, flowItem(pair, secret) + (isEmpty(value) ? '' : ', '));
  const indent = text.lineBefore(start);
  if (!/^ *$/.test(indent)) return undefined;
  return insert(start, `- name: ${scalarText(secret)}${text.lineBreak(start)}${indent}`);
}

function flowItem(sibling: Pair | undefined, secret: string): string {
  const isJson = isScalar(sibling?.key) && sibling.key.type === 'QUOTE_DOUBLE';
  return isJson ? JSON.stringify({ name: secret }) : `{ name: ${scalarText(secret)} }`;
}

function isEmpty({ items }: YAMLSeq): boolean {
  return items.length === 0;
}

function insert(at: number, text: string): Edit {
  return { start: at, end: at, text };
}
