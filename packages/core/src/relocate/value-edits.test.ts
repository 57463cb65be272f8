import { describe, expect, it } from 'vitest';
import { Reference } from '../reference/reference.ts';
import { parseTargetLocation, relocate } from '../reference/relocation.ts';
import { findValueEdits, overlayOf } from './value-edits.ts';

const target = parseTargetLocation('reg.local:5000/v');
const images = ['docker.io/library/redis:7', 'quay.io/team/app:1', 'docker.io/bitnami/nginx:2'].map(text => {
  const name = Reference.parse(text);
  return { name, newName: relocate(name, target, 'path'), digest: '' };
});

const overlay = (values: unknown) => overlayOf(values, findValueEdits(values, images));

describe('the values that may name images', () => {
  it.each<[string, unknown, unknown]>([
    ['a complete image', { image: 'quay.io/team/app:1' }, { image: 'reg.local:5000/v/team/app:1' }],
    ['a familiar name', { image: 'redis:7' }, { image: 'reg.local:5000/v/library/redis:7' }],
    ['another tag', { image: 'quay.io/team/app:2' }, {}],
    [
      'a repository and a tag',
      { image: { repository: 'quay.io/team/app', tag: '1' } },
      { image: { repository: 'reg.local:5000/v/team/app' } },
    ],
    [
      'a registry and a repository',
      { image: { registry: 'docker.io', repository: 'bitnami/nginx', tag: '2' } },
      { image: { registry: 'reg.local:5000', repository: 'v/bitnami/nginx' } },
    ],
    [
      'an empty registry',
      { image: { registry: '', repository: 'quay.io/team/app' } },
      { image: { repository: 'reg.local:5000/v/team/app' } },
    ],
    [
      'a name beside a tag',
      { images: { name: 'redis', tag: '7' } },
      { images: { name: 'reg.local:5000/v/library/redis' } },
    ],
    [
      'a registry for all images',
      { global: { imageRegistry: 'quay.io' } },
      { global: { imageRegistry: 'reg.local:5000/v' } },
    ],
    [
      'an item of a list, which is copied',
      { extra: [{ image: 'redis:7', args: ['a'] }, { image: 'x' }] },
      { extra: [{ image: 'reg.local:5000/v/library/redis:7', args: ['a'] }, { image: 'x' }] },
    ],
    ['a word that is not an image', { service: { name: 'redis' }, auth: { username: 'redis' } }, {}],
    ['text that is not a reference', { image: 'Not An Image', repository: '{{ x }}' }, {}],
    ['other types', { image: 7, repository: null, tags: [true] }, {}],
    ['no values', null, {}],
  ])('%s', (_what, values, expected) => expect(overlay(values)).toEqual(expected));

  it('may have any keys', () => {
    const values = JSON.parse('{"__proto__": {"image": "redis:7"}}');
    expect(JSON.stringify(overlay(values))).toBe(
      '{"__proto__":{"image":"reg.local:5000/v/library/redis:7"}}',
    );
    expect(({} as { image?: string }).image).toBeUndefined();
  });
});
