import { fileURLToPath } from 'node:url';
import { createContext, Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { nearMisses, regexesBelow } from './linear-regexes.ts';

const { literals, dynamic } = regexesBelow(fileURLToPath(new URL('../packages/core/src', import.meta.url)));

const SIZE = 100_000;
/**
 * The longest time for one text, in ms. Linear work takes less than 5 ms; quadratic work takes many seconds. A busy
 * machine gets three tries.
 */
const LIMIT = 1000;
const TRIES = 3;
/** Enough for every kind of expression that takes longer. */
export const ALL_PUMPS = 24;

/** Where parts are known only when it runs; each of them is short or escaped, and tested beside its code. */
const DYNAMIC = [
  'lint/fixes/images-list.ts',
  'reference/reference.ts',
  'reference/reference.ts',
  'relocate/kustomize-images.ts',
];

const context = createContext({ regex: /x/, text: '' });
const search = new Script('regex.lastIndex = 0; text.replace(regex, "");');

/** Whether a regular expression goes through a text within the limit. */
function isFast(regex: RegExp, text: string): boolean {
  for (let tries = 0; tries < TRIES; tries += 1) {
    context.regex = regex;
    context.text = text;
    try {
      search.runInContext(context, { timeout: LIMIT });
      return true;
    } catch {
      // It did not end in time.
    }
  }
  return false;
}

/** Tests every regular expression of core. @param maxPumps how many repeated parts are tried for each */
export function testRegexes(maxPumps: number): void {
  describe('the regular expression', () => {
    it.each(literals.map(({ place, regex }) => [place, regex] as const))(
      'of %s takes linear time: %s',
      (_place, regex) => {
        for (const text of nearMisses(regex, SIZE, maxPumps)) {
          const what = `${JSON.stringify(text.slice(0, 30))} … ${JSON.stringify(text.slice(-5))}`;
          if (!isFast(regex, text))
            expect.fail(`${regex} takes more than ${LIMIT} ms for ${text.length} characters: ${what}`);
        }
      },
      120_000,
    );

    it('is a literal, so that it is tested here', () => {
      expect(dynamic.map(({ place }) => place.replace(/:\d+$/, ''))).toEqual(DYNAMIC);
    });

    it.each([/^(?:a+)+$/, /\s+$/, /^a*a*b/, /#.*x/, /"(?:[^"\\]|\\.)*",/])(
      '%s is found to take longer',
      regex => {
        expect([...nearMisses(regex, SIZE, ALL_PUMPS)].some(text => !isFast(regex, text))).toBe(true);
      },
    );
  });
}
