import { describe, expect, it } from 'vitest';
import { Reference } from '../reference/reference.ts';
import { pullLocation } from './pull-location.ts';

const proxied = { app: 'shop', hosts: ['index.docker.io', 'quay.io'] };

describe('pullLocation', () => {
  it.each([
    ['quay.io/team/api:1', 'proxy.replicated.com', 'proxy/shop/quay.io/team/api'],
    ['redis', 'proxy.replicated.com', 'proxy/shop/docker.io/library/redis'],
    ['registry.replicated.com/shop/web:1', 'registry.replicated.com', 'shop/web'],
    ['ghcr.io/a/b', 'ghcr.io', 'a/b'],
  ])('%s', (name, registry, repository) =>
    expect(pullLocation(Reference.parse(name), proxied)).toEqual({ registry, repository }),
  );
  it('returns the domain of the vendor for the proxy', () =>
    expect(pullLocation(Reference.parse('quay.io/a/b'), { ...proxied, proxy: 'proxy.vendor.test' })).toEqual({
      registry: 'proxy.vendor.test',
      repository: 'proxy/shop/quay.io/a/b',
    }));
  it('returns the registry of the name without a proxy', () =>
    expect(pullLocation(Reference.parse('quay.io/a/b'), undefined)).toEqual({
      registry: 'quay.io',
      repository: 'a/b',
    }));
});
