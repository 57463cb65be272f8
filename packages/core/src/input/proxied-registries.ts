import { AirgapError } from '../model/errors.ts';
import { isProxyHost, isReplicatedHost, PROXY_HOST } from '../reference/replicated.ts';
import { endpointHost, type RegistrySettings } from './references.ts';

const SLUG = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Returns the application and the hosts of its third-party registries, which proxy.replicated.com can pull from.
 *
 * @throws AirgapError `USAGE` without a valid application slug, or without a third-party registry
 */
export function proxiedRegistries(settings: RegistrySettings): {
  app: string;
  hosts: string[];
  proxy?: string;
} {
  const app = proxiedApp(settings);
  const { registries = {}, proxyDomain } = settings;
  const hosts = Object.values(registries).map(endpointHost);
  const proxied = hosts.filter(host => !isReplicatedHost(host, settings) && !isProxyHost(host, settings));
  if (proxied.length > 0)
    return { app, hosts: proxied, ...(proxyDomain === undefined ? {} : { proxy: proxyDomain }) };
  const proxy = proxyDomain ?? PROXY_HOST;
  throw new AirgapError('USAGE', `cannot pull through ${proxy}: no third-party registry is configured`, {
    hint: 'Add --registry NAME=ENDPOINT for each, or registries: to airgap.yaml.',
  });
}

/** Returns the slug of the application, which names of the proxy contain. @throws AirgapError `USAGE` */
export function proxiedApp({ app, proxyDomain: proxy = PROXY_HOST }: RegistrySettings): string {
  if (app === undefined || !SLUG.test(app)) {
    const problem =
      app === undefined ? 'no application slug is set' : `invalid application slug ${JSON.stringify(app)}`;
    throw new AirgapError('USAGE', `cannot pull through ${proxy}: ${problem}`, {
      hint: 'Add --app SLUG, or "app: SLUG" to airgap.yaml.',
    });
  }
  return app;
}
