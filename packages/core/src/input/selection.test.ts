import { describe, expect, it } from 'vitest';
import { Reference } from '../reference/reference.ts';
import { images } from '../verbs/images.ts';
import { lint } from '../verbs/lint.ts';
import { ImagePatterns } from './model/image-patterns.ts';
import { readSpec } from './read-input.ts';
import { imageRequests } from './requests.ts';
import type { SelectionOptions } from './selection.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const POD = `apiVersion: v1
kind: Pod
spec:
  containers:
  - image: quay.io/t/app:1
    args: [--x=quay.io/t/one:1, --y=ghcr.io/t/two:2]
`;
const LIST = 'images:\n- {name: quay.io/t/app, tag: "1"}\n- {name: redis, tag: "7"}\n';
const AT = { file: 'airgap.yaml', line: 3, column: 5 };
const including = (...patterns: string[]): SelectionOptions => ({
  include: patterns.map(pattern => ({ pattern, position: AT })),
});
const specs = (...texts: string[]) => texts.map((text, index) => ({ file: String(index), text }));

describe.each([
  ['a pattern matches', true],
  ['a pattern does not match', false],
] as const)('%s', (_name, expected) => {
  const rows: Record<string, readonly [pattern: string, reference: string][]> = {
    true: [
      ['redis', 'redis:7'],
      ['redis:7', 'redis:7'],
      ['docker.io/library/redis', 'redis:7'],
      ['index.docker.io/redis:7', 'redis:7'],
      ['library/redis:*', 'redis:7'],
      ['*', 'quay.io/a/b:1'],
      ['quay.io/*', 'quay.io/a/b:1'],
      ['quay.io/*/b:1', 'quay.io/a/b:1'],
      ['*:latest', 'redis'],
      ['*/a/*:1', 'quay.io/a/b:1'],
      [`quay.io/a/b@${DIGEST}`, `quay.io/a/b@${DIGEST}`],
      ['quay.io/a/b', `quay.io/a/b:1@${DIGEST}`],
      ['quay.io/a/b:1', `quay.io/a/b:1@${DIGEST}`],
    ],
    false: [
      ['redis', 'quay.io/a/redis:7'],
      ['redis:7', 'redis:7.2'],
      ['redis*', 'quay.io/redis:7'],
      ['quay.io/a', 'quay.io/a/b:1'],
      ['a*a', 'a:1'],
      ['quay.io/a/b*b:1', 'quay.io/a/b:1'],
      ['', 'redis:7'],
    ],
  };
  it.each(rows[String(expected)] ?? [])('%s: %s', (pattern, reference) =>
    expect(new ImagePatterns([pattern]).matches(Reference.parse(reference).canonical())).toBe(expected),
  );
});

describe('the images of a bundle', () => {
  const requested = async (texts: string[], options: SelectionOptions) =>
    imageRequests(await readSpec({ specs: specs(...texts), ...options }), {}).map(({ reference }) =>
      String(reference),
    );

  it.each<[string, string[], SelectionOptions, string[]]>([
    ['without options', [POD], {}, ['quay.io/t/app:1']],
    [
      'with unread ones',
      [POD],
      { includeUnread: true },
      ['quay.io/t/app:1', 'quay.io/t/one:1', 'ghcr.io/t/two:2'],
    ],
    ['with a pattern', [POD], including('ghcr.io/*'), ['quay.io/t/app:1', 'ghcr.io/t/two:2']],
    ['with a name', [POD], including('quay.io/t/one:1'), ['quay.io/t/app:1', 'quay.io/t/one:1']],
    [
      'with a name that is not in the input',
      [POD],
      including('busybox:1'),
      ['quay.io/t/app:1', 'docker.io/library/busybox:1'],
    ],
    ['with a pattern that matches nothing', [POD], including('x.io/*'), ['quay.io/t/app:1']],
    [
      'with a list',
      [LIST, POD],
      { includeUnread: true, exclude: ['ghcr.io/*'] },
      ['quay.io/t/app:1', 'docker.io/library/redis:7', 'quay.io/t/one:1'],
    ],
    ['without excluded ones of the list', [LIST, POD], { exclude: ['redis'] }, ['quay.io/t/app:1']],
    [
      'without excluded ones of a pod',
      [POD],
      { exclude: ['*/app'], includeUnread: true },
      ['quay.io/t/one:1', 'ghcr.io/t/two:2'],
    ],
  ])('%s', async (_name, texts, options, expected) =>
    expect(await requested(texts, options)).toEqual(expected),
  );

  it('are those that images prints', async () => {
    const { images: found, unread } = await images({ specs: specs(POD), ...including('ghcr.io/*') });
    expect(found.map(({ reference, used }) => `${reference} ${used[0]?.reason}`)).toEqual([
      'quay.io/t/app:1 container of Pod',
      'ghcr.io/t/two:2 argument --y of Pod',
    ]);
    expect(unread).toMatchObject([{ reference: 'quay.io/t/one:1', mentions: [{ line: 6, column: 16 }] }]);
  });
});

it('an included image that the input uses is mentioned only where it is used', async () => {
  const { images: found } = await images({ specs: specs(POD), ...including('quay.io/t/app:1') });
  expect(found.map(({ reference, used }) => [reference, used.length])).toEqual([['quay.io/t/app:1', 1]]);
});

it('lint reports neither included nor excluded images', async () => {
  const options = { specs: specs(LIST, POD), ...including('quay.io/*'), exclude: ['ghcr.io/*', 'redis'] };
  expect((await lint(options)).findings).toEqual([]);
  expect((await lint({ specs: specs(LIST, POD) })).findings.map(({ rule }) => rule).sort()).toEqual([
    'unread-image',
    'unread-image',
    'unused-image',
  ]);
});
