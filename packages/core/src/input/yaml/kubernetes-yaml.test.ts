import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseSpec } from '../spec-parser.ts';
import { jsonObjects } from './json-objects.ts';

const POD = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "IMAGE"}]}\n';
const pod = (image: string) => POD.replace('IMAGE', image);
const json = (image: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ image }] } });

function read(text: string, rendered?: true) {
  const { used, parseErrors } = parseSpec([{ file: 'f', text, ...(rendered ? { rendered } : {}) }]);
  return {
    images: used.map(({ image }) => image.value),
    lines: used.map(({ image }) => image.position.line),
    errors: parseErrors.map(({ message }) => message),
  };
}

describe('YAML is read as Kubernetes reads it:', () => {
  it.each<[name: string, text: string, images: string[]]>([
    ['a BOM after a document marker', `${pod('a:1')}---\n\uFEFF${pod('b:1')}`, ['a:1', 'b:1']],
    ['a BOM before a document marker', `${pod('a:1')}\uFEFF---\n${pod('b:1')}`, ['a:1', 'b:1']],
    [
      'a BOM after Windows line breaks',
      `${pod('a:1')}---\n\uFEFF${pod('b:1')}`.replaceAll('\n', '\r\n'),
      ['a:1', 'b:1'],
    ],
    ['a BOM before a comment', `---\n\uFEFF# c\n${pod('b:1')}`, ['b:1']],
    [
      'a mapping in braces, further left than its parent',
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {\n  name: c,\nimage: "a:1"\n    }\n    - image: b:1\n',
      ['a:1', 'b:1'],
    ],
    [
      'a list in brackets whose end is further left',
      'apiVersion: v1\nkind: Pod\nspec:\n    containers: [\n  {image: "a:1"},\n{image: "b:1"}\n]\n',
      ['a:1', 'b:1'],
    ],
    [
      'nested brackets, then a key of the parent',
      'apiVersion: v1\nkind: Pod\nmetadata:\n    labels: {a: [\nb,\n c]\n}\n    name: p\nspec: {containers: [{image: "a:1"}]}\n',
      ['a:1'],
    ],
    ['a single-quoted text', `data:\n  a: 'x\n  y\nz'\n---\n${pod('a:1')}`, ['a:1']],
    ['a double-quoted text', `data:\n    a: "x\n\n  y"\n    b: c\n---\n${pod('a:1')}`, ['a:1']],
    [
      'a quoted key in braces',
      'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - {"image":\n"a:1"}\n',
      ['a:1'],
    ],
    ["an escaped ' in double quotes", String.raw`${pod('a:1')}command: ["it\'s"]`, ['a:1']],
    [
      'a template over two lines in quotes',
      `data:\n  d: "{\\"l\\":\\"{{\n    w }} x\\"}"\n---\n${pod('a:1')}`,
      ['a:1'],
    ],
    [
      'a template over two lines in a block',
      `data:\n  d: |\n    {{ a\n      b }} c\n  e: f\n---\n${pod('a:1')}`,
      ['a:1'],
    ],
    ['JSON objects one after another', `${json('a:1')}\n${json('b:1')}`, ['a:1', 'b:1']],
    ['JSON objects on one line', `${json('a:1')}${json('b:1')} ${json('c:1')}`, ['a:1', 'b:1', 'c:1']],
    ['JSON objects with braces in strings', `${json('a:1')}{"x":"}{\\"{"}${json('b:1')}`, ['a:1', 'b:1']],
    ['JSON after a BOM', `\uFEFF${json('a:1')}\n${json('b:1')}`, ['a:1', 'b:1']],
    ['JSON objects, then YAML', `${json('a:1')}\n${json('b:1')}\n---\n${pod('c:1')}`, ['a:1', 'b:1', 'c:1']],
    [
      'a typed list whose items have no kind',
      'apiVersion: v1\nkind: PodList\nitems:\n- spec: {containers: [{image: "a:1"}]}\n- spec: {containers: [{image: "b:1"}]}\n',
      ['a:1', 'b:1'],
    ],
    [
      'a typed list of another group',
      'apiVersion: apps/v1\nkind: DeploymentList\nitems: [{spec: {template: {spec: {containers: [{image: "a:1"}]}}}}]\n',
      ['a:1'],
    ],
  ])('%s', (_name, text, images) => {
    expect(read(text)).toMatchObject({ images, errors: [] });
  });

  it.each([
    ['a brace that is never closed', 'spec: {a: b\n'],
    ['a quote that is never closed', 'spec: "a\n'],
    ['an unknown escape', String.raw`a: "\q"`],
    ['two objects in a list item', '- {a: b} {c: d}\n'],
  ])('still rejects %s, and reads the next document', (_name, text) => {
    const { images, errors } = read(`${text}\n---\n${pod('a:1')}`);
    expect(images).toEqual(['a:1']);
    expect(errors).toEqual([expect.stringMatching(/^not YAML/)]);
  });

  it('keeps the lines of what follows a BOM and JSON objects', () => {
    expect(read(`${pod('a:1')}---\n\uFEFF${pod('b:1')}`).lines).toEqual([3, 7]);
    expect(read(`${json('a:1')}\n\n${json('b:1')}`).lines).toEqual([1, 3]);
  });

  it('braces in rendered text are not a template, except in an image', () => {
    const text = `data:\n  a: |\n    {{ x\n${pod('a:1')}---\n${pod('b:{{ x }}')}`;
    expect(read(text, true)).toMatchObject({ images: ['a:1', 'b:{{ x }}'], errors: [] });
  });
});

property.prop([
  fc.array(
    fc.oneof(
      fc.jsonValue().map(value => JSON.stringify(value)),
      fc.constantFrom('{', '}', '"', '\\'),
    ),
  ),
])('the JSON objects of a text are the text', parts => {
  const text = parts.join('');
  expect([...jsonObjects(text)].join('')).toBe(text);
});

it('a megabyte of braces is split in linear time', () => {
  for (const piece of ['{', '{}', '{"', '}', '{"\\']) {
    const text = piece.repeat(2 ** 20 / piece.length);
    // Quadratic work would exceed the test timeout.
    expect([...jsonObjects(text)].join('')).toHaveLength(text.length);
  }
});
