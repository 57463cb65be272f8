import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { MANIFEST_KEYS, parseManifest, rawManifest } from './manifest.ts';
import { AmbiguousJson, MAP, parseStrictJson } from './strict-json.ts';

const KEYS = { size: null, layers: { size: null, kelvin: null }, annotations: MAP } as const;
const parse = (text: string) => parseStrictJson(Buffer.from(text), KEYS);

describe('strict JSON', () => {
  it.each([
    ['{"layers":[],"layers":[]}', 'the key "layers" appears twice'],
    ['{"layers":[],"layer\\u0073":[]}', 'the key "layers" appears twice'],
    ['{"layers":[],"Layers":[]}', 'the keys "layers" and "Layers" differ only in case'],
    ['{"x":1,"X":1}', 'the keys "x" and "X" differ only in case'],
    ['{"LAYERS":[]}', 'the key "LAYERS" must be written "layers"'],
    // Go folds these letters as well.
    ['{"layerſ":[]}', 'the key "layerſ" must be written "layers"'],
    ['{"layers":[{"\u212Aelvin":1}]}', 'layers[0]: the key "\u212Aelvin" must be written "kelvin"'],
    ['{"layers":[{},{"size":1,"Size":2}]}', 'layers[1]: the keys "size" and "Size" differ only in case'],
    ['{"layers":[{"size":1},{"size":1.0}]}', 'layers[1]: "size" must be a plain integer, got 1.0'],
    ['{"size":1e3}', '"size" must be a plain integer, got 1e3'],
    ['{"size":-0}', '"size" must be a plain integer, got -0'],
    ['{"size":-1}', '"size" must be a plain integer, got -1'],
    ['{"size":9007199254740993}', '"size" must be a plain integer, got 9007199254740993'],
    ['{"annotations":{"a":"1","a":"2"}}', 'annotations: the key "a" appears twice'],
    ['{"":1,"":2}', 'the key "" appears twice'],
    ['{"__proto__":1,"__PROTO__":2}', 'the keys "__proto__" and "__PROTO__" differ only in case'],
  ])('rejects %s', (text, message) => {
    expect(() => parse(text)).toThrow(AmbiguousJson);
    expect(() => parse(text)).toThrow(message);
  });

  it.each([
    '{"layers":[{"size":1},{"size":1}],"size":0}',
    '{"annotations":{"a":"1","A":"2"}}',
    // Nothing is read there.
    '{"other":{"x":1,"X":2,"x":1.5}}',
    '{"annotations":{"a":{"b":1,"b":2}}}',
    '{"rate":1.5}',
    '{"a\\"":1,"a\\\\":2,"b":"\\\\\\"{,}"}',
    ' { "layers" : [ ] , "size" : null } ',
    '[[{"size":1}],{"size":2}]',
    'null',
    '"text"',
  ])('accepts %s', text => expect(parse(text)).toEqual(JSON.parse(text)));

  it.each(['', '{', '{"a":1,}', '\uFEFF{}', "{'a':1}", 'NaN'])('rejects %j, which is not JSON', text => {
    expect(parse(text)).toBeUndefined();
  });

  it('rejects bytes that are not UTF-8', () => {
    expect(parseStrictJson(Buffer.from('{"a":"\xff"}', 'latin1'), KEYS)).toBeUndefined();
  });

  // Quadratic work would exceed the test timeout.
  it.each(['{"size":1}', '"\\\\\\\\"', '1234567', '[[[]]]', '{"a":{"b":[]}}'])('reads 4 MB of %s', piece => {
    const list = Array(Math.floor(4_000_000 / piece.length))
      .fill(piece)
      .join();
    expect(() => parse(`{"layers":[${list}],"x":"${'y'.repeat(1_000_000)}"}`)).not.toThrow();
  });

  test.prop([fc.jsonValue()])('reads what JSON.parse reads, where no keys are read', value => {
    const text = JSON.stringify(value);
    expect(parseStrictJson(Buffer.from(text), {})).toEqual(JSON.parse(text));
  });
});

/** A key in any case, and with any of its characters escaped. */
const spelled = (key: string) =>
  fc.array(fc.nat(3), { minLength: key.length, maxLength: key.length }).map(ways =>
    [...key]
      .map((character, at) => {
        if (ways[at] === 1) return character.toUpperCase();
        if (ways[at] === 2) return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
        return character;
      })
      .join(''),
  );

const DIGEST = `sha256:${'0'.repeat(64)}`;
const descriptor = `{"mediaType":"a/b","digest":"${DIGEST}","size":1}`;

describe('a manifest whose keys are doubled', () => {
  const key = fc.constantFrom(...Object.keys(MANIFEST_KEYS), 'digest', 'size', 'mediaType');
  const doubled = key.chain(key => fc.tuple(spelled(key), spelled(key), fc.boolean()));

  test.prop([doubled], { numRuns: 500 })('is never read, at any level', ([one, other, inside]) => {
    const pair = `"${one}":null,"${other}":null`;
    const text = inside
      ? `{"schemaVersion":2,"config":${descriptor},"layers":[${descriptor},{${pair}}]}`
      : `{${pair}}`;
    expect(() => parseManifest(rawManifest(Buffer.from(text), ''))).toThrow();
    if (!inside) return;
    expect(() => parseConfig(Buffer.from(`{"rootfs":{"diff_ids":[],${pair}}}`), {})).toThrow();
  });

  test.prop([
    fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'size', 'Size', '1', '.', '\\', ' ')),
  ])('of any form fails with a documented error', parts => {
    const read = () => parseManifest(rawManifest(Buffer.from(parts.join('')), ''));
    expect(read).toThrow(expect.objectContaining({ name: 'AirgapError' }));
  });
});
