import { Reference } from './reference.ts';

/** The registry for images of vendors. */
export const REPLICATED_HOST = 'registry.replicated.com';
/** The proxy that serves images of third-party registries to holders of a license. */
export const PROXY_HOST = 'proxy.replicated.com';

const PROXIED = /^[^/]+\/proxy\/[^/]+\/([^/]*[.:][^/]*\/.+)$/;

/** Returns the image of a proxy name, `proxy.replicated.com/proxy/<app>/<host>/<path>`; undefined for other names. */
export function proxiedImage(reference: Reference): Reference | undefined {
  if (reference.registry !== PROXY_HOST) return undefined;
  const proxied = PROXIED.exec(reference.toString())?.[1];
  return proxied === undefined ? undefined : Reference.parse(proxied);
}
