import { describe, expect, it } from 'vitest';
import { AirgapError } from '../../model/errors.ts';
import { SpecDocument } from './document.ts';

/** The errors of a text as `line:column message`. */
function errorsOf(text: string): string[] {
  const found = [...SpecDocument.parse({ file: 'f', text })].filter(
    document => document instanceof AirgapError,
  );
  return found.map(({ message, where: { position } }) => `${position?.line}:${position?.column} ${message}`);
}

describe('the position of a syntax error is where', () => {
  it.each<[what: string, text: string, error: string]>([
    ['a brace opens', 'metadata: {name: a\nspec:\n  x: 1\n', '1:11 not YAML: { is never closed'],
    ['a brace opens at the end', 'spec: {a: b\n', '1:7 not YAML: { is never closed'],
    ['a bracket opens', 'a: [1, 2\nb: 3\n', '1:4 not YAML: [ is never closed'],
    ['the inner bracket opens', 'a: {b: [1, 2}\n', '1:8 not YAML: [ is never closed'],
    [
      'a brace opens after a document',
      'a: 1\n---\nb: 2\nc: {d: 1\n---\nx: 1\n',
      '4:4 not YAML: { is never closed',
    ],
    ['a double quote opens', 'a: "x\nb: 1\nc: 2\n', '1:4 not YAML: " is never closed'],
    ['a single quote opens', "a: 1\nb: 'x\nc: 2\n", "2:4 not YAML: ' is never closed"],
    ['a lone quote is', 'a: "', '1:4 not YAML: " is never closed'],
    [
      'other errors are',
      'a: {b: [1]}\nc: "x"\n d: 1\n',
      '3:1 not YAML: All mapping items must start at the same column',
    ],
  ])('%s', (_what, text, error) => expect(errorsOf(text)).toEqual([error]));

  it.each(['a: {}\nb: []\nc: ""\nd: \'\'\n', 'a: {b: [1, "x"]}\n', "a: 'it''s'\n"])('not there: %s', text =>
    expect(errorsOf(text)).toEqual([]),
  );
});
