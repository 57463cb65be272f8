import { describe, expect, it } from 'vitest';
import { parseSpec } from '../spec-parser.ts';
import { ImagePath } from './image-path.ts';

const OBJECT = `
apiVersion: example.com/v1
kind: Database
metadata: {name: main}
spec:
  image: a:1
  parts: [{image: b:1}, {image: c:1}, {size: 1}]
  byName: {x: {image: d:1}, y: {image: e:1}}
  tags: {"dotted.key/x": f:1}
  plain: [g:1, h:1]
  templated: "{{repl X}}"
  empty:
`;

function read(path: string, kind = 'Database', text = OBJECT) {
  return parseSpec([{ file: 'f', text }], [ImagePath.parse(kind, path)]);
}

describe('an image path', () => {
  it.each([
    ['.spec.image', ['a:1']],
    ['$.spec.image', ['a:1']],
    ['{.spec.image}', ['a:1']],
    ["['spec'].image", ['a:1']],
    ['.spec.parts[*].image', ['b:1', 'c:1']],
    ['.spec.parts[1].image', ['c:1']],
    ['.spec.parts[9].image', []],
    ['.spec.byName.*.image', ['d:1', 'e:1']],
    ['.spec.byName[*].image', ['d:1', 'e:1']],
    [".spec.tags['dotted.key/x']", ['f:1']],
    ['.spec.tags["dotted.key/x"]', ['f:1']],
    ['.spec.plain[*]', ['g:1', 'h:1']],
    ['.spec.templated', ['{{repl X}}']],
    ['.spec.empty', []],
    ['.spec.absent.image', []],
    ['..image', ['a:1', 'b:1', 'c:1', 'd:1', 'e:1']],
    ['.spec.byName..image', ['d:1', 'e:1']],
    ['..parts[*].image', ['b:1', 'c:1']],
    ['..spec', []],
    ['..absent', []],
  ])('%s points to its images', (path, images) => {
    const { used, parseErrors } = read(path);
    expect(used.map(({ image }) => image.value)).toEqual(images);
    expect(parseErrors).toEqual([]);
  });

  it('records the position and the object of the image', () =>
    expect(read('.spec.image').used).toMatchObject([
      {
        image: { position: { line: 6, column: 10 } },
        field: '.spec.image',
        kind: 'Database',
        name: 'main',
      },
    ]));

  it('reads the items of Lists, but no other kind', () => {
    const list = `{apiVersion: v1, kind: DatabaseList, items: [{apiVersion: e/v1, kind: Database, spec: {image: a}}]}`;
    expect(read('.spec.image', 'Database', list).used).toHaveLength(1);
    expect(read('.spec.image', 'Data').used).toEqual([]);
  });

  it.each(['.spec', '.spec.plain'])('that stops too early is an error: %s', path =>
    expect(read(path).parseErrors).toMatchObject([
      {
        code: 'INPUT',
        message: expect.stringContaining('does not point to a string'),
        where: { position: { file: 'f' } },
      },
    ]),
  );

  it.each([
    ['Database', ''],
    ['Database', '.'],
    ['Database', 'spec'],
    ['Database', '.spec...image'],
    ['Database', '..'],
    ['Data*', '.spec'],
    ['Database', '.spec[image]'],
    ['Database', '.spec[*'],
    ['Database', '.spec image'],
    ['Database', ".spec['x]"],
    ['Data base', '.spec'],
    ['', '.spec'],
  ])('is rejected when its syntax is invalid: %s=%s', (kind, path) =>
    expect(() => ImagePath.parse(kind, path)).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('KIND=PATH') }),
    ),
  );
});
