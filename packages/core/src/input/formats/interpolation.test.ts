// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of Compose have this form
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { parseDotenv } from './dotenv.ts';
import { interpolate } from './interpolation.ts';

const VARIABLES = new Map([
  ['X', 'x'],
  ['EMPTY', ''],
  ['long_1', 'y'],
]);

describe('interpolate', () => {
  it.each([
    ['a:1', 'a:1'],
    ['a:$X', 'a:x'],
    ['$X-$long_1.z', 'x-y.z'],
    ['a:${X}', 'a:x'],
    ['a:${EMPTY}', 'a:'],
    ['${NO:-d}', 'd'],
    ['${NO-d}', 'd'],
    ['${NO-}', ''],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${X:-${NO}}', 'x'],
    ['${NO:-${X}-${NO:-e}}', 'x-e'],
    ['${NO:-a:b@c}', 'a:b@c'],
    ['${X:?must be set}', 'x'],
    ['${EMPTY?must be set}', ''],
    ['${X:+y}', 'y'],
    ['${EMPTY:+y}', ''],
    ['${EMPTY+y}', 'y'],
    ['${NO+y}', ''],
    ['$$X', '$X'],
    ['$$$X', '$x'],
  ])('%s is %s', (text, value) => expect(interpolate(text, VARIABLES)).toBe(value));

  it.each([
    '$NO',
    '${NO}',
    '${NO:?e}',
    '${EMPTY:?e}',
    '${NO?e}',
    '${NO:-$NO2}',
    '$',
    '$!',
    '${',
    '${X',
    '${X!}',
    '${}',
    '${X:}',
  ])('%s is unknown', text => expect(interpolate(text, VARIABLES)).toBeUndefined());

  property.prop([fc.string().filter(text => !text.includes('$'))])('does not change other text', text => {
    expect(interpolate(text, VARIABLES)).toBe(text);
  });

  it.each(['${X:-', '$', '${', '}', '${X-${NO-'])('a megabyte of %s is read in linear time', piece => {
    // Quadratic work or recursion would fail.
    interpolate(piece.repeat(2 ** 20 / piece.length), VARIABLES);
  });
});

it('parseDotenv reads what Compose reads', () => {
  const text = [
    '# comment',
    'A=1',
    ' export B = two words # comment',
    "C='$A # literal'",
    'D="${A}-x" # comment',
    'E=$A$B',
    'F=',
    'G=a#b',
    'not a line',
    'H=$MISSING',
    'I=${MISSING:-d}',
    'A=3',
  ].join('\r\n');
  expect(Object.fromEntries(parseDotenv(text))).toEqual({
    A: '3',
    B: 'two words',
    C: '$A # literal',
    D: '1-x',
    E: '1two words',
    F: '',
    G: 'a#b',
    I: 'd',
  });
});
