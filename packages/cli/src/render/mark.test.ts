import { expect, it } from 'vitest';
import { markAt } from './mark.ts';

it('finds positions in a large text in linear time', () => {
  const source = { file: 'f', text: 'image: a\n'.repeat(100_000) };
  const words = Array.from(
    { length: 10_000 },
    (_, at) => markAt({ file: 'f', line: at + 1, column: 8 }, [source])?.word,
  );
  expect(new Set(words)).toEqual(new Set(['a']));
});
