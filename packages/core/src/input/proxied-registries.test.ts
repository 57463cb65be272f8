import { describe, expect, it } from 'vitest';
import { proxiedRegistries } from './proxied-registries.ts';

describe('proxiedRegistries', () => {
  it('returns the hosts of third-party registries', () =>
    expect(
      proxiedRegistries({
        app: 'shop',
        registries: { hub: 'index.docker.io', quay: 'https://quay.io/team', own: 'registry.replicated.com' },
      }),
    ).toEqual({ app: 'shop', hosts: ['index.docker.io', 'quay.io'] }));

  it('knows the own domains of the vendor, which are no third-party registries', () => {
    const domains = { registryDomain: 'images.shop.test', proxyDomain: 'proxy.shop.test' };
    const registries = { own: 'images.shop.test', proxy: 'proxy.shop.test', quay: 'quay.io' };
    expect(proxiedRegistries({ app: 'shop', registries, ...domains })).toEqual({
      app: 'shop',
      hosts: ['quay.io'],
      proxy: 'proxy.shop.test',
    });
  });

  it.each([
    ['no application', { registries: { q: 'quay.io' } }, /no application slug is set/],
    ['a slug that is a path', { app: '../x', registries: { q: 'quay.io' } }, /invalid application slug/],
    [
      'no registry',
      { app: 'shop', registries: { own: 'registry.replicated.com' } },
      /no third-party registry is configured/,
    ],
  ])('rejects %s', (_name, locations, message) =>
    expect(() => proxiedRegistries(locations)).toThrow(message),
  );
});
