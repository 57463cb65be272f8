import { describe, expect, it } from 'vitest';
import { Reference } from './reference.ts';
import { isReplicatedHost, proxiedImage, proxyName, withoutDomain } from './replicated.ts';

const DOMAINS = { registryDomain: 'images.vendor.test', proxyDomain: 'proxy.vendor.test:5000' };

describe('the Replicated registry', () => {
  it.each([
    ['registry.replicated.com', true],
    ['Registry.Replicated.COM', true],
    ['registry.replicated.com:443', true],
    ['images.vendor.test', true],
    ['registry.replicated.com:5000', false],
    ['registry.replicated.com.evil.test', false],
    ['proxy.replicated.com', false],
  ])('%s: %s', (host, expected) => expect(isReplicatedHost(host, DOMAINS)).toBe(expected));

  it('has one name for both domains', () =>
    expect(`${withoutDomain(Reference.parse('images.vendor.test/app/web:1'), DOMAINS)}`).toBe(
      'registry.replicated.com/app/web:1',
    ));
});

describe('a name of the proxy', () => {
  it.each([
    ['proxy.replicated.com/proxy/app/quay.io/team/web:1', 'quay.io/team/web:1'],
    ['proxy.vendor.test:5000/proxy/app/quay.io/team/web:1', 'quay.io/team/web:1'],
    ['proxy.other.test/proxy/app/quay.io/team/web:1', undefined],
    ['proxy.replicated.com/library/app/web:1', undefined],
    ['proxy.replicated.com/anonymous/quay.io/team/web:1', undefined],
  ])('%s is %s', (name, expected) =>
    expect(proxiedImage(Reference.parse(name), DOMAINS)?.toString()).toBe(expected),
  );

  it('keeps the tag and the digest', () => {
    const name = Reference.parse(`redis:7@sha256:${'a'.repeat(64)}`);
    const proxied = proxyName(name, { app: 'app' });
    expect(`${proxied}`).toBe(
      `proxy.replicated.com/proxy/app/docker.io/library/redis:7@sha256:${'a'.repeat(64)}`,
    );
    expect(`${proxiedImage(proxied, {})}`).toBe(`${name}`);
  });
});
