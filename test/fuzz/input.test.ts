import { describe, expect, it } from 'vitest';
import { read, testAnyText, words } from './input.ts';

testAnyText({ numRuns: 200 });

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
