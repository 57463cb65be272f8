import { AirgapError } from '../model/errors.ts';
import { PROXY_HOST, REPLICATED_HOST } from '../reference/replicated.ts';
import { endpointHost, type RegistrySettings } from './references.ts';

const SLUG = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * Returns the application and the hosts of its third-party registries, which proxy.replicated.com can pull from.
 *
 * @throws AirgapError `USAGE` without a valid application slug, or without a third-party registry
 */
export function proxiedRegistries({ app, registries = {} }: RegistrySettings): {
  app: string;
  hosts: string[];
} {
  if (app === undefined || !SLUG.test(app)) {
    const problem =
      app === undefined ? 'no application slug is set' : `invalid application slug ${JSON.stringify(app)}`;
    throw new AirgapError('USAGE', `cannot pull through ${PROXY_HOST}: ${problem}`, {
      hint: 'Add --app SLUG, or "app: SLUG" to airgap.yaml.',
    });
  }
  const hosts = Object.values(registries).map(endpointHost);
  const proxied = hosts.filter(host => host !== REPLICATED_HOST && host !== PROXY_HOST);
  if (proxied.length > 0) return { app, hosts: proxied };
  throw new AirgapError('USAGE', `cannot pull through ${PROXY_HOST}: no third-party registry is configured`, {
    hint: 'Add --registry NAME=ENDPOINT for each, or registries: to airgap.yaml.',
  });
}
