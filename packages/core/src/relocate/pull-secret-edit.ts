import { isScalar, isSeq, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Edit } from '../edit/edit.ts';
import { indentOf, pairsOf } from '../edit/mapping.ts';
import { scalarText } from '../edit/scalar-text.ts';
import type { YamlText } from '../edit/yaml-text.ts';
import type { SpecDocument } from '../input/yaml/document.ts';

const KEY = 'imagePullSecrets';
const TEMPLATE = '{{';

/** A pod spec, and where it stands. */
export interface Pod {
  readonly text: YamlText;
  readonly document: SpecDocument;
  readonly map: YAMLMap;
}

/** Lets a pod pull with a Secret as well. @returns no edit when it does already, and why not when it cannot be let */
export function pullSecretEdit(pod: Pod, secret: string): Edit | 'there already' | 'cannot be edited' {
  const { document, map } = pod;
  const [own, ...others] = pairsOf(pod, KEY);
  if (others.length > 0) return 'cannot be edited';
  const secrets = document.items(document.get(map, KEY));
  if (secrets.some(one => document.text(document.get(one, 'name'))?.value === secret)) return 'there already';
  // What a merge key brings is somebody else's as well.
  if (!own && document.get(map, KEY) !== undefined) return 'cannot be edited';
  return (own ? addItem(pod, own, secret) : addKey(pod, secret)) ?? 'cannot be edited';
}

/** Adds the list before the containers, which every pod has, whatever template is around other keys. */
function addKey(pod: Pod, secret: string): Edit | undefined {
  const { text, map } = pod;
  const [containers, ...others] = pairsOf(pod, 'containers');
  const { key } = containers ?? {};
  if (others.length > 0 || !isScalar(key) || !key.range) return undefined;
  const [start] = key.range;
  if (map.flow) {
    const word = key.type === 'QUOTE_DOUBLE' ? JSON.stringify(KEY) : KEY;
    return insert(start, `${word}: [${flowItem(containers, secret)}], `);
  }
  const indent = indentOf(text, start);
  const newLine = `${text.lineBreak(start)}${indent}`;
  return indent === undefined
    ? undefined
    : insert(start, `${KEY}:${newLine}- name: ${scalarText(secret)}${newLine}`);
}

/** Adds an item before the others; nothing where a template says what is in the list. */
function addItem({ text }: Pod, pair: Pair, secret: string): Edit | undefined {
  const { key, value } = pair;
  if (!isSeq(value) || !value.range || !isScalar(key) || !key.range) return undefined;
  const [start, end] = value.range;
  if (text.text.slice(key.range[0], end).includes(TEMPLATE)) return undefined;
  if (value.flow) return insert(start + 1, flowItem(pair, secret) + (isEmpty(value) ? '' : ', '));
  const indent = text.lineBefore(start);
  const newLine = `${text.lineBreak(start)}${indent}`;
  return /^ *$/.test(indent) ? insert(start, `- name: ${scalarText(secret)}${newLine}`) : undefined;
}

function flowItem(beside: Pair | undefined, secret: string): string {
  const isJson = isScalar(beside?.key) && beside.key.type === 'QUOTE_DOUBLE';
  return isJson ? JSON.stringify({ name: secret }) : `{ name: ${scalarText(secret)} }`;
}

function isEmpty({ items }: YAMLSeq): boolean {
  return items.length === 0;
}

function insert(at: number, text: string): Edit {
  return { start: at, end: at, text };
}
