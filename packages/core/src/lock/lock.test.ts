import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { AirgapError, formatWhere } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import { formatLock, type Lock } from './lock.ts';
import { parseLock } from './read-lock.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

function lockOf(...lines: string[]): string {
  return ['lockVersion: 1', 'platforms: [linux/amd64]', 'referrers: false', 'images:', ...lines, ''].join(
    '\n',
  );
}

/** The errors of a lock, each as `position: message`. */
function errorsOf(text: string): string[] {
  try {
    parseLock({ file: 'airgap.lock', text });
    return [];
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    const errors = error.details.length > 0 ? error.details : [error];
    expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'INPUT'));
    return errors.map(({ where, message }) => `${formatWhere(where)}: ${message}`);
  }
}

describe('an edited lock', () => {
  it.each([
    [
      'an invalid digest',
      lockOf('  - image: redis:7', '    digest: sha256:abc'),
      '6:13: images.0.digest: must be "sha256:"',
    ],
    ['a missing digest', lockOf('  - image: redis:7'), '5:5: images.0.digest: must be a digest'],
    ['a digest without image', lockOf(`  - digest: ${A}`), '5:5: images.0.image: must be an image name'],
    ['an invalid name', lockOf('  - image: Redis:7', `    digest: ${A}`), '5:12: invalid image reference'],
    [
      'a duplicate',
      lockOf(
        '  - image: redis:7',
        `    digest: ${A}`,
        '  - image: docker.io/library/redis:7',
        `    digest: ${B}`,
      ),
      '7:12: duplicate image docker.io/library/redis:7: it is also in line 5',
    ],
    [
      'a digest that is not the one in the name',
      lockOf(`  - image: redis@${A}`, `    digest: ${B}`),
      '6:13: docker.io/library/redis@sha256:aaaa',
    ],
    [
      'an unknown key',
      lockOf('  - image: redis:7', `    digest: ${A}`, '    size: 3'),
      '7:5: images.0: unknown key: size',
    ],
    [
      'a duplicate key',
      lockOf('  - image: redis:7', `    digest: ${A}`, `    digest: ${B}`),
      '7:5: duplicate key: digest',
    ],
    ['text for images', 'lockVersion: 1\nplatforms: [all]\nimages: none\n', '3:9: images: must be a list'],
    ['a text for an image', lockOf('  - redis:7'), '5:5: images.0: must be a mapping'],
    [
      'an invalid referrer',
      lockOf('  - image: a:1', `    digest: ${A}`, `    referrers: [x@${A}]`),
      '7:17: images.0.referrers.0',
    ],
    [
      'an invalid platform of an image',
      lockOf('  - image: redis:7', `    digest: ${A}`, '    platforms: [linux]'),
      '7:16: invalid platform',
    ],
    [
      'all and another platform of an image',
      lockOf('  - image: redis:7', `    digest: ${A}`, '    platforms: [all, linux/arm64]'),
      '7:16: "all" must be the only platform',
    ],
    [
      'no platform of an image',
      lockOf('  - image: redis:7', `    digest: ${A}`, '    platforms: []'),
      '7:16: images.0.platforms',
    ],
    ['a newer version', 'lockVersion: 2\nplatforms: [all]\n', '1:14: lockVersion: must be 1'],
    ['no version', 'platforms: [all]\n', '1:1: lockVersion: must be 1'],
    ['an invalid platform', 'lockVersion: 1\nplatforms: [linux]\n', '2:12: invalid platform'],
    [
      'all and another platform',
      'lockVersion: 1\nplatforms: [all, linux/arm64]\n',
      '2:12: "all" must be the only platform',
    ],
    ['no platform', 'lockVersion: 1\nplatforms: []\n', '2:12: platforms:'],
    ['broken YAML', 'images: [\n', 'not YAML'],
    ['another document', 'a: 1\n---\nb: 1\n', 'more than one YAML document'],
    ['an input file', 'kind: Deployment\n', '1:1: not a lock: unknown key: kind'],
  ])('with %s is refused with its position', (_what, text, words) => {
    expect(errorsOf(text).join('\n')).toContain(words);
  });

  it('reports all errors at once', () => {
    const text = lockOf('  - image: A:1', `    digest: ${A}`, '  - image: B:1', `    digest: ${A}`);
    expect(errorsOf(text)).toHaveLength(2);
  });

  it('may have short names', () => {
    const lock = parseLock({ file: 'airgap.lock', text: lockOf('  - image: redis', `    digest: ${A}`) });
    expect(lock.images.map(({ reference }) => reference.toString())).toEqual([
      'docker.io/library/redis:latest',
    ]);
  });
});

const digests = fc.string().map(text => digestOf(Buffer.from(text)));
const tags = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const names = fc
  .tuple(fc.stringMatching(/^[a-z0-9]{1,9}$/), tags)
  .map(([name, tag]) => `quay.io/${name}:${tag}`);
const referrers = fc.tuple(digests, fc.option(digests, { nil: undefined })).map(([digest, subject]) => ({
  digest,
  tag: subject && `${subject.replace(':', '-')}.sig`,
}));
const images = fc.uniqueArray(
  fc.record({
    name: names,
    digest: digests,
    platforms: fc.constantFrom(undefined, 'all' as const, [
      { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1' },
    ]),
    referrers: fc.uniqueArray(referrers, { maxLength: 3, selector: ({ digest }) => digest }),
  }),
  {
    selector: ({ name }) => name,
  },
);

function lock(entries: readonly (Omit<Lock['images'][0], 'reference'> & { readonly name: string })[]): Lock {
  return {
    platforms: [{ os: 'linux', architecture: 'arm', variant: 'v7' }],
    referrers: true,
    images: entries.map(({ name, ...image }) => ({ ...image, reference: Reference.parse(name) })),
  };
}

test.prop([images])('a lock is read as it was written, and written as it was read', entries => {
  const text = formatLock(lock(entries));
  const read = parseLock({ file: 'airgap.lock', text });
  expect(formatLock(read)).toBe(text);
  expect(read.images).toHaveLength(entries.length);
  const expected = new Map(entries.map(({ name, digest }) => [name, digest]));
  for (const { reference, digest } of read.images) expect(expected.get(reference.toString())).toBe(digest);
  const platforms = new Map(entries.map(entry => [entry.name, entry.platforms]));
  for (const image of read.images) expect(image.platforms).toEqual(platforms.get(image.reference.toString()));
});

it('quotes a name that is not plain text in YAML', () => {
  const text = formatLock(lock([{ name: '[::1]:5000/app:1', digest: A as Digest, referrers: [] }]));
  const read = parseLock({ file: 'airgap.lock', text });
  expect(read.images[0]?.reference.toString()).toBe('[::1]:5000/app:1');
});

test.prop([fc.string()])('any text is a lock or an INPUT error', text => {
  expect(() => errorsOf(text)).not.toThrow();
});

describe('the Renovate recipe', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/pipeline.md', import.meta.url), 'utf8');
  const recipe = /```json renovate\n([\s\S]*?)```/.exec(guide)?.[1] ?? '{}';
  const [manager] = JSON.parse(recipe).customManagers;
  const expression = new RegExp(manager.matchStrings[0], 'g');
  const file = new RegExp(manager.managerFilePatterns[0].slice(1, -1));

  it('finds every image with a tag, and no other', () => {
    const text = formatLock(
      lock([
        { name: 'redis:7.0-alpine', digest: A as Digest, referrers: [] },
        {
          name: 'registry.local:5000/team/app:1',
          digest: B as Digest,
          referrers: [{ tag: undefined, digest: A as Digest }],
        },
        { name: `quay.io/team/pinned@${A}`, digest: A as Digest, referrers: [] },
        { name: `quay.io/team/both:2@${A}`, digest: A as Digest, referrers: [] },
      ]),
    );
    const found = [...text.matchAll(expression)].map(({ groups }) => ({ ...groups }));
    expect(found).toEqual([
      { depName: 'docker.io/library/redis', currentValue: '7.0-alpine', currentDigest: A },
      { depName: 'registry.local:5000/team/app', currentValue: '1', currentDigest: B },
    ]);
  });

  it('applies to the lock', () => {
    expect(file.test('deploy/airgap.lock')).toBe(true);
    expect(file.test('airgap.lock')).toBe(true);
    expect(file.test('airgap.lock.md')).toBe(false);
  });
});
