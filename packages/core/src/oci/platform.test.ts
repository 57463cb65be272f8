import { describe, expect, it } from 'vitest';
import { matchesPlatform, type Platform, parsePlatform } from './platform.ts';

describe('a requested platform', () => {
  it.each<[string, Platform, boolean]>([
    ['linux/amd64', { os: 'linux', architecture: 'amd64' }, true],
    ['linux/amd64', { os: 'linux', architecture: 'arm64' }, false],
    ['linux/amd64', { os: 'windows', architecture: 'amd64' }, false],
    ['linux/x86_64', { os: 'linux', architecture: 'amd64' }, true],
    ['linux/arm', { os: 'linux', architecture: 'arm', variant: 'v6' }, true],
    ['linux/arm/v7', { os: 'linux', architecture: 'arm', variant: 'v7' }, true],
    ['linux/arm/v7', { os: 'linux', architecture: 'arm', variant: 'v6' }, false],
    ['linux/arm/v7', { os: 'linux', architecture: 'arm' }, false],
    ['linux/arm64', { os: 'linux', architecture: 'arm64', variant: 'v8' }, true],
    ['linux/arm64/v8', { os: 'linux', architecture: 'arm64' }, true],
    ['linux/arm64/v9', { os: 'linux', architecture: 'arm64' }, false],
  ])('%s is compared with %j: %s', (requested, actual, matches) =>
    expect(matchesPlatform(parsePlatform(requested), actual)).toBe(matches),
  );
});
