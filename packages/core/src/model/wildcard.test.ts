import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { wildcard } from './wildcard.ts';

describe('a pattern with wildcards', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['a*', 'ab', true],
    ['a*', 'ba', false],
    ['*a', 'ba', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a**b', 'ab', true],
    ['*/team/*', 'quay.io/team/app:1', true],
    ['*/team/*', 'quay.io/teams/app:1', false],
    ['a.c', 'abc', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*bc', 'abc', false],
  ])('%s matches %s: %s', (pattern, text, matches) => expect(wildcard(pattern)(text)).toBe(matches));

  it('is matched in linear time', () => {
    expect(wildcard('*a'.repeat(100))('a'.repeat(100_000))).toBe(true);
    expect(wildcard(`${'*a'.repeat(100)}*b`)('a'.repeat(100_000))).toBe(false);
  });

  const letters = fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 8 }).map(parts => parts.join(''));
  test.prop([letters, letters.map(text => text.replaceAll('*', ''))])(
    'matches as a regular expression does',
    (pattern, text) => {
      expect(wildcard(pattern)(text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text));
    },
  );
});
