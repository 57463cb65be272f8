import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { nearTags } from './near-tags.ts';

describe('nearTags', () => {
  it.each<[string, string[], string[]]>([
    ['2.4.99', ['2.4.0', '2.5.0'], ['2.5.0', '2.4.0']],
    ['2.4.99', ['1.0', '2.4.0', '2.5.0', '3.0.0', 'latest'], ['2.5.0', '2.4.0', '3.0.0']],
    ['2.4', ['v2.4', '2.4.1', '2.3', '2'], ['v2.4', '2.4.1', '2.3']],
    ['1.10', ['1.9', '1.11', '1.2'], ['1.11', '1.9', '1.2']],
    ['3', ['1', '2'], ['2', '1']],
    ['3.19-alpine', ['3.18', '3.18-alpine', '3.20', '3.20-alpine'], ['3.20-alpine', '3.18-alpine']],
    ['3.19', ['3.19-alpine', '3.18'], ['3.19-alpine', '3.18']],
    ['3.19', ['3.20-alpine', '3.18-slim'], ['3.20-alpine', '3.18-slim']],
    ['lates', ['edge', 'latest', 'late', '1.0'], ['latest', 'late', 'edge']],
    ['main', ['1.0', '2.0'], ['1.0', '2.0']],
    ['1.0', ['main', 'edge'], ['main', 'edge']],
    ['1.0', [], []],
    ['x', ['a'.repeat(100)], []],
  ])('of %s in %j are %j', (wanted, tags, expected) => expect(nearTags(wanted, tags)).toEqual(expected));

  test.prop([fc.string({ maxLength: 128 }), fc.array(fc.string({ maxLength: 128 }), { maxLength: 50 })])(
    'are at most three of the tags',
    (wanted, tags) => {
      const near = nearTags(wanted, tags);
      expect(near.length).toBeLessThanOrEqual(3);
      for (const tag of near) expect(tags).toContain(tag);
    },
  );

  it('of 10,000 long tags are found quickly', () => {
    const tags = Array.from({ length: 10_000 }, (_, at) => `${'x'.repeat(100)}${at}`);
    const started = performance.now();
    nearTags('y'.repeat(104), tags);
    nearTags(
      '1'.repeat(104),
      tags.map(tag => `1.${tag}`),
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
