import { Reference } from './reference.ts';

/** Where vendors push their own images. */
export const REPLICATED_HOST = 'registry.replicated.com';
/** Where the images of a vendor's third-party registries can be had with a customer's license. */
export const PROXY_HOST = 'proxy.replicated.com';

/** The image behind a name of the proxy, `proxy.replicated.com/proxy/<app>/<host>/<path>`; nothing for other names. */
export function proxiedImage(reference: Reference): Reference | undefined {
  if (reference.registry !== PROXY_HOST) return undefined;
  const [, proxy, app, host = '', ...path] = reference.toString().split('/');
  if (proxy !== 'proxy' || !app || path.length === 0 || !/[.:]/.test(host)) return undefined;
  return Reference.parse([host, ...path].join('/'));
}
