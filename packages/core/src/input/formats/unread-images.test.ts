import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseSpec } from '../spec-parser.ts';

/** The used and unread images of a text, as `line:column reference`. */
function read(text: string) {
  const { used, unread, parseErrors } = parseSpec([{ file: 'f', text }]);
  const at = ({ image: { value, position } }: (typeof used)[number] | (typeof unread)[number]) =>
    `${position.line}:${position.column} ${value}`;
  return { used: used.map(at), unread: unread.map(at), parseErrors };
}

const object = (yaml: string, kind = 'Thing') => `apiVersion: e.com/v1\nkind: ${kind}\n${yaml}`;
const unread = (yaml: string, kind?: string) => read(object(yaml, kind)).unread;

describe('the position of an unread image', () => {
  it.each([
    ['in a plain value', 'a: quay.io/t/a:1', ['3:4 quay.io/t/a:1']],
    ['in quotes', 'a: "x quay.io/t/a:1"', ['3:7 quay.io/t/a:1']],
    ['in a block', 'a: |\n  x\n  y quay.io/t/a:1\n', ['5:5 quay.io/t/a:1']],
    [
      'in a folded block',
      'a: >-\n  quay.io/t/a:1\n  quay.io/t/b:1\n',
      ['4:3 quay.io/t/a:1', '5:3 quay.io/t/b:1'],
    ],
    ['twice', 'a: quay.io/t/a:1 quay.io/t/a:1', ['3:4 quay.io/t/a:1', '3:18 quay.io/t/a:1']],
    [
      'one that begins another',
      'a: quay.io/t/a:1,quay.io/t/a:12',
      ['3:4 quay.io/t/a:1', '3:18 quay.io/t/a:12'],
    ],
    ['with CRLF', 'a: |\r\n  x\r\n  quay.io/t/a:1\r\n', ['5:3 quay.io/t/a:1']],
    ['with escapes, at its value', 'a: "quay.io/t\\u002Fa:1"', ['3:4 quay.io/t/a:1']],
    ['of a repository and tag', 'a: {repository: quay.io/t/a, tag: "1"}', ['3:17 quay.io/t/a:1']],
  ])('%s', (_name, yaml, expected) => expect(unread(yaml)).toEqual(expected));
});

describe('beside a template whose value is known only at installation', () => {
  it.each([
    ['another line counts', 'a: |\n  h: {{repl X}}\n  i: quay.io/t/a:1\n', ['5:6 quay.io/t/a:1']],
    ['another word counts', 'a: "h={{repl X}} quay.io/t/a:1"', ['3:18 quay.io/t/a:1']],
    [
      'a template that is known counts',
      'a: |\n  h: {{repl X}}\n  {{repl LocalImageName "quay.io/t/a:1"}}\n',
      ['5:26 quay.io/t/a:1'],
    ],
    [
      'both branches count',
      'a: |\n  {{repl if X}}\n  quay.io/t/a:1\n  {{repl else}}\n  quay.io/t/b:1\n  {{repl end}}\n',
      ['5:3 quay.io/t/a:1', '7:3 quay.io/t/b:1'],
    ],
    ['a line of a quoted text counts', 'a: "h: {{repl X}}\\nquay.io/t/a:1\\n"', ['3:20 quay.io/t/a:1']],
    ['a word with a template does not count', 'a: "x=1 quay.io/t/a:{{repl X}} {{repl X}}/t/a:1"', []],
    ['an image field with a template does not count', 'image: "{{repl X}}/t/a"', []],
  ])('%s', (_name, yaml, expected) => expect(unread(yaml)).toEqual(expected));

  it('a rendered text is read like another one', () => {
    const text = object('a: |\n  {{ $labels.job }}\n  quay.io/t/a:1{{ x }} quay.io/t/b:1\n');
    const { unread: found } = parseSpec([{ file: 'f', text, rendered: true }]);
    expect(found.map(({ image: { value } }) => value)).toEqual(['quay.io/t/b:1']);
  });
});

describe('a string that is a document is read by its keys', () => {
  it.each([
    [
      'a repository and tag',
      'a: |\n  image:\n    repository: quay.io/t/a\n    tag: 1.10\n',
      ['5:17 quay.io/t/a:1.10'],
    ],
    [
      'a registry, too',
      'a: |\n  image: {registry: quay.io, repository: t/a, tag: 1}\n',
      ['4:42 quay.io/t/a:1'],
    ],
    ['an image without a tag', 'a: |\n  image: quay.io/t/a\n', ['4:10 quay.io/t/a']],
    ['JSON', `a: '{"image":{"repository":"quay.io/t/a","tag":"1"}}'`, ['3:29 quay.io/t/a:1']],
    ['a quoted text', 'a: "image:\\n  repository: quay.io/t/a\\n  tag: 1\\n"', ['3:27 quay.io/t/a:1']],
    ['a name of Docker Hub', 'a: |\n  image:\n    repository: t/a\n    tag: 1\n', ['5:17 t/a:1']],
    [
      'beside a template',
      'a: |\n  h: {{repl X}}\n  image: {repository: quay.io/t/a, tag: 1}\n',
      ['5:23 quay.io/t/a:1'],
    ],
    [
      'several documents',
      'a: |\n  image: quay.io/t/a\n  ---\n  image: quay.io/t/b\n',
      ['4:10 quay.io/t/a', '6:10 quay.io/t/b'],
    ],
    ['what its words have, once', 'a: |\n  image: quay.io/t/a:1\n', ['4:10 quay.io/t/a:1']],
    [
      'a tag with a template does not count',
      'a: |\n  image: {repository: quay.io/t/a, tag: "{{repl X}}"}\n',
      [],
    ],
    ['a text that is no document', 'a: |\n  the image: [ is\n  here\n', []],
  ])('%s', (_name, yaml, expected) => expect(unread(yaml)).toEqual(expected));

  it('the label names the place of the string, and of a pair the key that has its name', () => {
    const text = object('a: |\n  image: {repository: quay.io/t/a, tag: 1}\nimage: {name: t/b, tag: 1}\n');
    const { unread: found } = parseSpec([{ file: 'f', text }]);
    expect(found.map(({ place }) => place)).toEqual(['.a', '.image.name']);
  });
});

describe('not scanned', () => {
  it.each([
    ['the status', 'status: {image: quay.io/t/a:1}'],
    ['a description', 'spec: {description: quay.io/t/a:1}'],
    ['a templated value', 'a: "quay.io/t/a:1{{ x }}"'],
    ['a key', 'quay.io/t/a:1: x'],
    ['a number', 'image: 1:2'],
    ['a tag without a repository', 'tag: v1\nrepository:'],
    ['a repository with a templated tag', 'a: {repository: quay.io/t/a, tag: "{{repl x}}"}'],
  ])('%s', (_name, yaml) => expect(unread(yaml)).toEqual([]));

  it.each(['Secret', 'SealedSecret'])('the data of a %s', kind =>
    expect(unread('data: {image: quay.io/t/a:1}\nstringData: {image: quay.io/t/a:1}', kind)).toEqual([]),
  );

  it('an image that is read in the same object', () => {
    const pod = 'spec: {containers: [{image: quay.io/t/a:1}], x: quay.io/t/b:1}';
    expect(read(`apiVersion: v1\nkind: Pod\n${pod}`)).toEqual({
      used: ['3:29 quay.io/t/a:1'],
      unread: ['3:49 quay.io/t/b:1'],
      parseErrors: [],
    });
  });
});

it('reports what an alias repeats once', () =>
  expect(unread('a: &a {image: quay.io/t/a:1}\nb: *a\nc: [*a, *a]')).toEqual(['3:15 quay.io/t/a:1']));

it('does not expand aliases of aliases', () => {
  const lines = ['a0: &a0 {x: quay.io/t/a:1}'];
  for (let level = 1; level < 30; level += 1)
    lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);
  expect(unread(lines.join('\n'))).toEqual(['3:13 quay.io/t/a:1']);
});

const key = fc
  .stringMatching(/^[a-z]{1,8}$/)
  .filter(text => !['status', 'build', 'message', 'description'].includes(text));
const image = fc.stringMatching(/^quay\.io\/[a-z]{1,8}\/[a-z]{1,8}:[0-9]{1,3}$/);
const pod = (reference: string) => ({ containers: [{ name: 'c', image: reference }] });
const wrapped = (keys: readonly string[], inner: unknown) =>
  keys.reduceRight<unknown>(
    (value, name, index) => (index % 3 === 2 ? { [name]: [value] } : { [name]: value }),
    inner,
  );

property.prop([
  fc.array(key, { minLength: 1, maxLength: 6 }),
  image,
  fc.stringMatching(/^[A-Z][a-z]{1,10}$/),
])('a pod anywhere in a custom kind is read', (keys, reference, kind) => {
  fc.pre(!['Pod', 'Job'].includes(kind) && !kind.endsWith('List') && !kind.endsWith('Secret'));
  const text = stringify({ apiVersion: 'e.com/v1', kind, spec: wrapped(keys, pod(reference)) });
  const { used } = parseSpec([{ file: 'f', text }]);
  expect(used.map(({ image: { value } }) => value)).toEqual([reference]);
});

property.prop([fc.array(key, { minLength: 1, maxLength: 6 }), image])(
  'a full name anywhere in a custom kind is named',
  (keys, reference) => {
    const text = stringify({ apiVersion: 'e.com/v1', kind: 'Thing', spec: wrapped(keys, `x=${reference}`) });
    const spec = parseSpec([{ file: 'f', text }]);
    expect([...spec.used, ...spec.unread].map(found => found.image.value)).toEqual([reference]);
  },
);
