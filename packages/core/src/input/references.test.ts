import { describe, expect, it } from 'vitest';
import { AirgapError } from '../model/errors.ts';
import type { ListedImage } from './model/spec.ts';
import { toReference } from './references.ts';

const position = { file: 'f', line: 1, column: 1 };
const sourcePosition = { file: 'f', line: 2, column: 1 };

function listed(
  source: string,
  name: string,
  tag?: string,
  form: ListedImage['form'] = 'images',
): ListedImage {
  return { form, source, name, tag, position, sourcePosition, tagPosition: position };
}

it("an image of the Replicated registry is pulled from the vendor's domain of it", () =>
  expect(
    `${toReference(listed('replicated', 'api', '1'), { app: 'shop', registryDomain: 'images.shop.test' })}`,
  ).toBe('images.shop.test/shop/api:1'));

describe('toReference', () => {
  it.each([
    ['replicated', 'api', '1', 'registry.replicated.com/shop/api:1'],
    ['public', 'redis', undefined, 'docker.io/library/redis:latest'],
    ['public', 'gcr.io/google-samples/gb-frontend', 'v4', 'gcr.io/google-samples/gb-frontend:v4'],
    ['public', 'localhost:5000/a', '1', 'localhost:5000/a:1'],
    ['index.docker.io', 'team/app', '1', 'docker.io/team/app:1'],
    ['quay.io/team', 'team/app', '1', 'quay.io/team/app:1'],
    ['https://quay.io/', 'team/app', '1', 'quay.io/team/app:1'],
    ['HTTP://quay.io/team/', 'team/app', '1', 'quay.io/team/app:1'],
    ['registry:5000', 'team/app', '1', 'registry:5000/team/app:1'],
    ['localhost', 'team/app', '1', 'localhost/team/app:1'],
  ])('%s %s:%s is %s', (source, name, tag, expected) => {
    const known = ['replicated', 'public'].includes(source);
    const image = listed(known ? source : 'theirs', name, tag);
    expect(toReference(image, { app: 'shop', registries: { theirs: source } }).toString()).toBe(expected);
  });

  it.each([
    ['an unknown source', listed('hub', 'a'), {}, 2, /--registry hub=ENDPOINT.*registries:/],
    ['a source called as a property', listed('toString', 'a'), {}, 2, /--registry/],
    ['no app', listed('replicated', 'a'), {}, 1, /--app SLUG.*app:/],
    ['a tag in the name', listed('public', 'redis:3'), {}, 1, /tag:/],
    ['a digest in the name', listed('public', `a@sha256:${'a'.repeat(64)}`), {}, 1, /tag:/],
    ['an invalid name', listed('public', 'Redis'), {}, 1, /host/],
    ['an endpoint without a domain', listed('hub', 'a'), { registries: { hub: 'hub' } }, 1, /domain/],
  ])('rejects %s with its position', (_name, image, locations, line, hint) => {
    const error = (() => {
      try {
        return toReference(image, locations);
      } catch (thrown) {
        return thrown;
      }
    })();
    if (!(error instanceof AirgapError)) throw new Error('no error was thrown');
    expect([error.code, error.where.position?.line]).toEqual(['INPUT', line]);
    expect(error.hint).toMatch(hint);
  });

  it('lists the known registries', () => {
    expect(() =>
      toReference(listed('x', 'a'), { registries: { hub: 'docker.io', quay: 'quay.io' } }),
    ).toThrow('known: replicated, public, hub, quay');
  });
});
