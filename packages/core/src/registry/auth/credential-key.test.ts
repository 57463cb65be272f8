import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { isNearMiss, keyOfHost, nameOfKey, prefixesOf } from './credential-key.ts';

describe('a credential key', () => {
  it.each([
    ['a.io', 'a.io'],
    ['a.io:5000', 'a.io:5000'],
    ['https://a.io', 'a.io'],
    ['https://a.io/', 'a.io'],
    ['https://a.io/v1/', 'a.io'],
    ['http://a.io/v2', 'a.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['a.io/team', 'a.io/team'],
    ['a.io/team/', 'a.io/team'],
    ['https://a.io/team/app', 'a.io/team/app'],
    ['a.io/v1/app', 'a.io/v1/app'],
    ['', ''],
  ])('%j is for %s', (key, name) => expect(nameOfKey(key)).toBe(name));

  it.each([
    ['a.io', 'a.io:5000/team/app', true],
    ['a.io:5000', 'a.io/team/app', true],
    ['A.IO', 'a.io/team/app', true],
    ['a.io/other', 'a.io/team/app', true],
    ['a.io/team/application', 'a.io/team/app', true],
    ['a.io/team', 'a.io/team/app', false],
    ['https://a.io/v1/', 'a.io/team/app', false],
    ['b.io', 'a.io/team/app', false],
  ])('%s and the name %s: near miss %s', (key, name, expected) => {
    expect(isNearMiss(key, name)).toBe(expected);
  });

  it('matches the longest prefix first, and only complete components', () => {
    expect(prefixesOf('registry-1.docker.io/team/app')).toEqual([
      'docker.io/team/app',
      'docker.io/team',
      'docker.io',
    ]);
    expect(prefixesOf('a.io')).toEqual(['a.io']);
  });

  property.prop([fc.string()])('never throws, and finds a key that it wrote', key => {
    const name = nameOfKey(key);
    expect(prefixesOf(name).at(-1)).toBe(nameOfKey(name).split('/', 1)[0]);
    expect(isNearMiss(key, name)).toBe(false);
    expect(nameOfKey(keyOfHost('docker.io'))).toBe('docker.io');
  });
});
