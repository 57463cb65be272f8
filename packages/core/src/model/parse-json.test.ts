import { expect, it } from 'vitest';
import { parseJson } from './parse-json.ts';

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
