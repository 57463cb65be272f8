import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import { formatPlatform, parsePlatform } from './platform.ts';

describe('parsePlatform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64'],
    ['Linux/ARM64/V8', 'linux/arm64/v8'],
    ['linux/x86-64', 'linux/amd64'],
    ['linux/armhf', 'linux/arm/v7'],
    ['windows/amd64:10.0.20348', 'windows/amd64:10.0.20348'],
    ['windows/amd64:10.0.17763.5122', 'windows/amd64:10.0.17763.5122'],
  ])('reads %s as %s', (text, expected) => expect(formatPlatform(parsePlatform(text))).toBe(expected));

  it.each([
    '',
    'linux',
    'linux/',
    '/amd64',
    'linux/arm/v7/x',
    'linux /amd64',
    'windows/amd64:',
    'windows/amd64:ltsc2022',
    'windows/amd64:10..0',
    'windows/amd64:10.0:1',
    'linux/amd64@10',
    '*/*',
  ])('rejects %j', text => expect(() => parsePlatform(text)).toThrow(/invalid platform/));

  const pieces = fc.constantFrom(
    'linux',
    'windows',
    'arm64',
    'v8',
    '/',
    ':',
    '.',
    '10',
    ' ',
    '*',
    '@',
    '\0',
    'İ',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map(parts => parts.join('')),
  );

  test.prop([texts], { numRuns: 500 })('reads any text as what it writes, or rejects it', text => {
    let platform: ReturnType<typeof parsePlatform>;
    try {
      platform = parsePlatform(text);
    } catch (error) {
      expect(error).toBeInstanceOf(AirgapError);
      return;
    }
    expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
  });
});
