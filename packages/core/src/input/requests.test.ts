import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { imageRequests } from './requests.ts';
import { parseSpec } from './spec-parser.ts';

const pod = (...images: string[]) =>
  `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n${images.map(image => `  - image: ${image}\n`).join('')}`;

function requests(...texts: string[]) {
  const sources = texts.map((text, index) => ({ file: `${index}`, text }));
  return imageRequests(parseSpec(sources), {}).map(
    ({ reference, positions }) =>
      `${reference} ${positions.map(({ file, line }) => `${file}:${line}`).join(' ')}`,
  );
}

describe('imageRequests returns', () => {
  it.each([
    [
      'the listed images if there is a list',
      ['images:\n- name: a', pod('b')],
      ['docker.io/library/a:latest 0:2'],
    ],
    [
      'the used images without a list',
      [pod('b:1', 'a')],
      ['docker.io/library/b:1 0:5', 'docker.io/library/a:latest 0:6'],
    ],
    ['no templated image', [pod('a:1', '"{{repl X}}"')], ['docker.io/library/a:1 0:5']],
    [
      'each image once, with every position',
      ['b:1\na', 'images:\n- name: index.docker.io/library/a\n- name: docker.io/b\n  tag: 1'],
      ['docker.io/library/b:1 0:1 1:3', 'docker.io/library/a:latest 0:2 1:2'],
    ],
  ])('%s', (_name, texts, expected) => {
    expect(requests(...texts)).toEqual(expected);
  });

  it('or throws one error with everything that cannot be located', () => {
    try {
      requests('images:\n- name: A\n- name: b\n- name: c\n  source: hub\n');
      expect.unreachable();
    } catch (error) {
      const { code, details } = error as AirgapError;
      expect(error).toBeInstanceOf(AirgapError);
      expect(code).toBe('INPUT');
      expect(details.map(({ where }) => where.position?.line)).toEqual([2, 5]);
    }
  });

  it.each([
    ['no image', 'a: 1', 'no images found in the input'],
    ['only templates', pod('"{{repl X}}"'), 'all images in the input are templates'],
  ])('or throws for an input with %s', (_name, text, message) => {
    expect(() => requests(text)).toThrow(message);
  });
});
