import { AirgapError } from '../model/errors.ts';
import { PROXY_HOST, REPLICATED_HOST } from '../reference/replicated.ts';
import { endpointHost, type RegistrySettings } from './references.ts';

const SLUG = /^[a-z0-9][a-z0-9._-]*$/;

/**
 * The application and the hosts of its third-party registries, as Replicated's proxy needs them.
 *
 * @throws AirgapError `USAGE` without an application, or without any such registry
 */
export function proxiedRegistries({ app, registries = {} }: RegistrySettings): {
  app: string;
  hosts: string[];
} {
  if (app === undefined || !SLUG.test(app)) {
    const said = app === undefined ? 'it is not known' : `${JSON.stringify(app)} is no slug`;
    throw new AirgapError('USAGE', `the proxy keeps images by application, and ${said}`, {
      hint: 'Add --app SLUG, or "app: SLUG" to airgap.yaml.',
    });
  }
  const hosts = Object.values(registries).map(endpointHost);
  const others = hosts.filter(host => host !== REPLICATED_HOST && host !== PROXY_HOST);
  if (others.length > 0) return { app, hosts: others };
  throw new AirgapError('USAGE', 'the proxy is for third-party registries, and none is known', {
    hint: 'Add --registry NAME=ENDPOINT for each, or registries: to airgap.yaml.',
  });
}
