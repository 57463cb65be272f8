import { describe, expect, it } from 'vitest';
import { proxiedRegistries } from '../input/proxied-registries.ts';
import { Reference } from '../reference/reference.ts';
import { pullLocation } from './pull-location.ts';

const proxied = proxiedRegistries({
  app: 'shop',
  registries: { hub: 'index.docker.io', quay: 'https://quay.io/team', own: 'registry.replicated.com' },
});

describe('routeOf', () => {
  it.each([
    ['quay.io/team/api:1', 'proxy.replicated.com', 'proxy/shop/quay.io/team/api'],
    ['redis', 'proxy.replicated.com', 'proxy/shop/docker.io/library/redis'],
    ['registry.replicated.com/shop/web:1', 'registry.replicated.com', 'shop/web'],
    ['ghcr.io/a/b', 'ghcr.io', 'a/b'],
  ])('%s', (name, registry, repository) =>
    expect(pullLocation(Reference.parse(name), proxied)).toEqual({ registry, repository }),
  );
  it('leads to the own registry without a proxy', () =>
    expect(pullLocation(Reference.parse('quay.io/a/b'), undefined)).toEqual({
      registry: 'quay.io',
      repository: 'a/b',
    }));
});

describe('thirdParty', () => {
  it.each([
    ['no application', { registries: { q: 'quay.io' } }, /no application slug is set/],
    ['a slug that is a path', { app: '../x', registries: { q: 'quay.io' } }, /invalid application slug/],
    [
      'no registry',
      { app: 'shop', registries: { own: 'registry.replicated.com' } },
      /no third-party registry is configured/,
    ],
  ])('refuses %s', (_name, locations, message) =>
    expect(() => proxiedRegistries(locations)).toThrow(message),
  );
});
