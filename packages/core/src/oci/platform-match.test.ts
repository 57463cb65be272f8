import { describe, expect, it } from 'vitest';
import { type Platform, parsePlatform } from './platform.ts';
import { bestMatches, matchesPlatform, platformRank } from './platform-match.ts';

const COMMON = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64', 'windows/arm'];
const ARM = ['linux/arm/v8', 'linux/arm', 'linux/arm/v6', 'linux/arm/v5'];
const minorsOf = (major: number, highest: number) =>
  Array.from({ length: highest + 1 }, (_, index) => `linux/arm64/v${major}.${highest - index}`);

/** Requested → what matches, the best first, and what does not: the table of containerd's `platforms.Only`. */
const ONLY: readonly [requested: string, matches: readonly string[], others: readonly string[]][] = [
  ['linux/amd64', ['linux/amd64', 'linux/386'], ['linux/amd64/v2', 'linux/arm64', 'windows/amd64']],
  ['linux/amd64/v1', ['linux/amd64', 'linux/386'], ['linux/amd64/v2']],
  ['linux/x86_64', ['linux/amd64/v1', 'linux/i386'], ['linux/amd64/v2']],
  ['linux/amd64/v2', ['linux/amd64/v2', 'linux/amd64/v1', 'linux/386'], ['linux/amd64/v3', 'linux/arm']],
  [
    'linux/amd64/v3',
    ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386'],
    ['linux/amd64/v4', 'windows/amd64/v3'],
  ],
  ['linux/386', ['linux/386'], COMMON],
  ['linux/arm/v8', ARM, ['linux/arm/v4', 'linux/arm64', 'linux/amd64']],
  ['linux/arm', ['linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5'], ['linux/arm/v8', 'linux/arm/v4']],
  ['linux/armhf', ['linux/arm', 'linux/armel', 'linux/arm/5'], ['linux/arm/v8', 'linux/arm64']],
  ['linux/arm/v7', ['linux/arm', 'linux/arm/6', 'linux/arm/v5'], ['linux/arm/v8', 'linux/arm64']],
  ['linux/arm/v6', ['linux/arm/v6', 'linux/arm/v5'], ['linux/arm', 'linux/arm/v7', 'linux/arm/v4']],
  ['linux/arm/v5', ['linux/arm/v5'], ['linux/arm', 'linux/arm/v4', 'linux/arm/v6']],
  ['linux/arm/v4', ['linux/arm/v4'], ['linux/arm', 'linux/arm/v5']],
  ['linux/arm64', ['linux/aarch64', ...ARM], ['linux/arm64/v8.1', 'linux/arm64/v9', 'linux/arm/v4']],
  ['linux/arm64/v8', ['linux/arm64/8', ...ARM], ['linux/arm64/v9']],
  ['linux/arm64/v8.1', ['linux/arm64/v8.1', 'linux/arm64/v8', ...ARM], ['linux/arm64/v8.2']],
  ['linux/arm64/v9', ['linux/arm64/v9.0', ...minorsOf(8, 5), ...ARM], ['linux/arm64/v8.6']],
  ['linux/arm64/v9.6', [...minorsOf(9, 6), ...minorsOf(8, 9), ...ARM], ['linux/arm64/v8.10']],
  ['linux/arm64/v9.8', [], ['linux/arm64', 'linux/arm64/v9']],
  ['linux/riscv64', ['linux/riscv64'], ['linux/riscv64/rva22u64', 'linux/riscv']],
  ['linux/s390x', ['LINUX/S390X'.toLowerCase()], ['linux/s390']],
  ['darwin/arm64', ['macos/arm64'], ['linux/arm64']],
  ['windows/amd64', ['windows/amd64:10.0.17763.5'], ['linux/amd64', 'windows/arm64']],
  [
    'windows/amd64:10.0.20348',
    ['windows/amd64:10.0.20348.2113', 'windows/386:10.0.20348'],
    ['windows/amd64', 'windows/amd64:10.0.203480', 'windows/amd64:10.0.17763', 'windows/amd64:10.0'],
  ],
];

describe('a requested platform', () => {
  it.each(ONLY)('%s takes %j in this order, and not %j', (requested, matches, others) => {
    const rank = (text: string) => platformRank(parsePlatform(requested), parsePlatform(text));
    const ranks = matches.map(rank);
    expect(ranks.every(found => found !== undefined)).toBe(true);
    expect(ranks).toEqual([...ranks].sort((a, b) => Number(a) - Number(b)));
    expect(new Set(ranks).size).toBe(ranks.length);
    for (const other of others) expect([other, rank(other)]).toEqual([other, undefined]);
  });

  it.each<[string, Platform, boolean]>([
    ['linux/amd64', { os: 'Linux', architecture: 'AMD64' }, true],
    ['linux/amd64', { os: 'linux', architecture: 'amd64', variant: '' }, true],
    ['linux/amd64', { os: '', architecture: '' }, false],
    ['linux/amd64', { os: 'linux', architecture: 'constructor' }, false],
    ['linux/amd64', { os: 'linux', architecture: 'amd64', 'os.features': ['erofs'] }, false],
    ['windows/amd64', { os: 'windows', architecture: 'amd64', 'os.features': ['win32k'] }, true],
  ])('%s is compared with %j: %s', (requested, actual, matches) =>
    expect(matchesPlatform(parsePlatform(requested), actual)).toBe(matches),
  );
});

describe('bestMatches', () => {
  const images = (...texts: string[]) => texts.map((text, id) => ({ id, platform: parsePlatform(text) }));
  it.each([
    [
      'an exact match that comes later',
      'linux/amd64',
      images('linux/386', 'linux/amd64/v2', 'linux/amd64'),
      [2],
    ],
    [
      'the highest variant below',
      'linux/arm/v7',
      images('linux/arm/v5', 'linux/arm/v8', 'linux/arm/v6'),
      [2],
    ],
    ['the first of two equal ones', 'linux/amd64', images('linux/amd64/v1', 'linux/amd64'), [0]],
    [
      'every version of Windows',
      'windows/amd64',
      images('windows/amd64:10.0.1', 'linux/amd64', 'windows/amd64:10.0.2', 'windows/amd64:10.0.1'),
      [0, 2],
    ],
    [
      'one version of Windows',
      'windows/amd64:10.0.2',
      images('windows/amd64:10.0.1', 'windows/amd64:10.0.2.7'),
      [1],
    ],
    ['none', 'linux/amd64', images('linux/arm64'), []],
    ['none of no images', 'linux/amd64', [], []],
  ])('returns %s', (_name, requested, given, expected) =>
    expect(bestMatches(given, parsePlatform(requested)).map(({ id }) => id)).toEqual(expected),
  );
  it('ignores images without a platform', () =>
    expect(bestMatches([{ platform: undefined }, {}], parsePlatform('linux/amd64'))).toEqual([]));
});
