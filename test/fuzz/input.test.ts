import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { ImagePath } from '../../packages/core/src/input/formats/image-path.ts';
import { parseSpec } from '../../packages/core/src/input/spec-parser.ts';
import { runRules } from '../../packages/core/src/lint/lint-run.ts';

const PATHS = [ImagePath.parse('Database', '.spec[*].image')];

/** Reads a text as `lint` does, which must never throw. */
function read(text: string) {
  const spec = parseSpec([{ file: 'f', text }], PATHS);
  runRules(spec, {});
  return spec;
}

const words = (text: string) => text.split(' · ');

/** Keywords, YAML syntax, and control characters. */
const WORDS = [
  words(
    'apiVersion: v1 · apiVersion: kots.io/v1beta1 · apiVersion: troubleshoot.sh/v1beta2 · kind: Pod · kind: List',
  ),
  words(
    'kind: HelmChart · kind: Database · kind: Application · spec: · items: · containers: · image: a:1 · images:',
  ),
  words(
    'components: · services: · collectors: · chart: {name: x} · builder: *a · additionalImages: [a] · tag: 3.10',
  ),
  words(
    '# kind: replicated · # kind: scheduler-swarm · name: a · replicated_api_version: 2 · <<: *a · null · true',
  ),
  words(
    '--- · ... · %YAML 1.2 · &a · *a · !!str · !<x> · | · >- · -  · ?  · :  · [ · ] · { · } · , · " · \' · # · @ · `',
  ),
  words('{{repl X "y"}} · repl{{ X }} · {{ · }} · {{/* · $ · ~ · 010'),
  ['\n', '\n  ', '\n    ', '\r\n', '\r', '\t', ' ', '\0', '\uFEFF', '\uFFFD', '\u2028', '\u001b', '\uD800'],
].flat();
const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...WORDS) }, fc.constant('\n'), fc.string()), {
    maxLength: 60,
  })
  .map(parts => parts.join(''));

describe('no text throws:', () => {
  property.prop([text], { numRuns: 2000 })('of keywords and syntax', text => {
    for (const { code, where } of read(text).parseErrors) {
      expect(code).toBe('INPUT');
      expect(where.position?.file).toBe('f');
    }
  });

  property.prop([fc.uint8Array({ maxLength: 200 })], { numRuns: 500 })('of any bytes', bytes => {
    read(Buffer.from(bytes).toString('latin1'));
  });
});

describe('a large input is read in bounded time:', () => {
  const SIZE = 150_000;
  const repeated = (piece: string, before = '') => before + piece.repeat(SIZE / piece.length);
  const steps = Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('');
  const pieces = words('[ · { · {a:  · -  · ?  · a:  · !!x  · {{ " · &a  · *a  · " · \'');
  const lines = [
    '|\n',
    '---\n',
    '%A\n',
    '\n',
    ' ',
    '\t',
    '\0',
    '\r',
    '\r\n',
    '#\n',
    'a\n',
    '- a\n',
    '\uD83D',
  ];
  it.each([
    ...[...pieces, ...lines].map(piece => [piece, repeated(piece)]),
    ['steps', steps],
    ['anchors', repeated('- &a b\n', 'a:\n')],
    ['aliases', repeated('- *a\n', 'a: &a 1\nb:\n')],
    ['merges', repeated('- <<: *a\n', 'a: &a {b: c}\nb:\n')],
    ['keys', Array.from({ length: 20_000 }, (_, at) => `k${at}: v\n`).join('')],
    ['an open quote', repeated('a\n', 'a: "')],
    ['images', repeated('- name: a\n', 'images:\n')],
    ['services', `services:\n${Array.from({ length: 20_000 }, (_, at) => ` s${at}: {image: a}\n`).join('')}`],
    [
      'colons in an image',
      `${repeated(':', 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "a')}"}]}`,
    ],
    ['colons in a name', `${repeated(':', 'images:\n- name: "a')}/"`],
    ['comments on a line', `${repeated(' #', 'a')}\u2028b`],
    ['lines of a comment', `${repeated('#\n').repeat(2)}a: b`],
    ['containers', repeated('  - image: a\n', 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n')],
  ])('%j', (_name, text = '') => {
    // Quadratic work would exceed the test timeout.
    expect(() => read(text)).not.toThrow();
  });
});
