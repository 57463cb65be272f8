import { expect, it } from 'vitest';
import { isTooComplex, parseJson } from './parse-json.ts';

it.each<[string, Uint8Array | string, unknown]>([
  ['text', '{"a":[1,null]}', { a: [1, null] }],
  ['bytes', Buffer.from('"ä"'), 'ä'],
  ['null', 'null', null],
])('parses %s', (_name, content, document) => expect(parseJson(content)).toEqual(document));

it.each<[string, Uint8Array | string]>([
  ['nothing', ''],
  ['a part of JSON', '{"a":'],
  ['more than JSON', '{}{}'],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['a byte order mark', Buffer.from('\uFEFF{}')],
  ['JSON that is nested too deeply', '['.repeat(100_000) + ']'.repeat(100_000)],
])('returns undefined for %s', (_name, content) => expect(parseJson(content)).toBeUndefined());

it.each<[string, string, boolean]>([
  ['10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, false],
  ['10,001 levels', `${'['.repeat(10_001)}${']'.repeat(10_001)}`, true],
  ['many objects beside each other', `[${'{},'.repeat(700_000)}{}]`, false],
  ['too many objects', `[${'{},'.repeat(800_000)}{}]`, true],
  ['too many keys', `{${'"a":0,'.repeat(800_000)}"b":0}`, true],
  ['brackets in a text', JSON.stringify('[{"'.repeat(1_000_000)), false],
  ['an escaped quote before brackets', `["\\"${'['.repeat(20_000)}"]`, false],
  ['an escaped backslash before brackets', `["\\\\",${'['.repeat(20_000)}`, true],
])('%s: too complex is %s', (_name, text, expected) => {
  expect(isTooComplex(text)).toBe(expected);
  expect(isTooComplex(Buffer.from(text))).toBe(expected);
});
