import { expect, it } from 'vitest';
import { renamedImages } from './renamed-image.ts';
import { Renames } from './renames.ts';

const DOMAINS = { registryDomain: 'images.vendor.test', proxyDomain: 'proxy.vendor.test' };

const loaded = (name: string) => ({
  name,
  destination: `ghcr.io/vendor/${name.split('/').at(-1)}`,
  digest: `sha256:${'a'.repeat(64)}`,
  found: undefined,
  state: 'pushed' as const,
});
const images = renamedImages([
  loaded('registry.replicated.com/shop/web:1'),
  loaded('images.vendor.test/shop/api:1'),
  loaded('quay.io/team/db:1'),
]);

it.each([
  ['registry.replicated.com/shop/web:1', 'ghcr.io/vendor/web:1'],
  ['images.vendor.test/shop/web:1', 'ghcr.io/vendor/web:1'],
  ['registry.replicated.com/shop/api:1', 'ghcr.io/vendor/api:1'],
  ['images.vendor.test/shop/api:1', 'ghcr.io/vendor/api:1'],
  ['proxy.replicated.com/proxy/shop/quay.io/team/db:1', 'ghcr.io/vendor/db:1'],
  ['proxy.vendor.test/proxy/shop/quay.io/team/db:1', 'ghcr.io/vendor/db:1'],
  ['quay.io/team/db:1', 'ghcr.io/vendor/db:1'],
  ['proxy.other.test/proxy/shop/quay.io/team/db:1', undefined],
  ['other.vendor.test/shop/web:1', undefined],
  ['quay.io/team/db:2', undefined],
])('%s is renamed to %s', (written, expected) =>
  expect(new Renames(images, DOMAINS).of(written)).toBe(expected),
);

it.each([
  [undefined, 'proxy.replicated.com/proxy/shop/ghcr.io/vendor/db:1'],
  ['proxy.vendor.test', 'proxy.vendor.test/proxy/shop/ghcr.io/vendor/db:1'],
])('the new name is that of the proxy %s', (proxy, expected) => {
  const proxied = renamedImages([loaded('quay.io/team/db:1')], { app: 'shop', proxy });
  expect(new Renames(proxied).of('quay.io/team/db:1')).toBe(expected);
});
