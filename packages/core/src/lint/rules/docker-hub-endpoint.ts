import { endpointHost } from '../../input/references.ts';
import type { Rule } from '../rule-api/rule.ts';

const OTHER_NAMES = new Set([
  'docker.io',
  'hub.docker.com',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/** A Docker Hub endpoint that the vendor portal does not accept. */
export const dockerHubEndpoint: Rule = {
  id: 'docker-hub-endpoint',
  severity: 'warning',
  explanation:
    'For Docker Hub, the endpoint of a third-party registry must be index.docker.io. With any other host name of Docker ' +
    'Hub, the vendor portal does not find the images, although docker pull does.',
  example: {
    found: `
images:
- source: hub-site # in airgap.yaml: registries: { hub-site: hub.docker.com }
  name: team/web
  tag: "1.2"
`,
    fixed: `
images:
- source: hub # in airgap.yaml: registries: { hub: index.docker.io }
  name: team/web
  tag: "1.2"
`,
  },
  *check({ spec, locations: { registries = {} } }) {
    const reported = new Set<string>();
    for (const { source, sourcePosition } of spec.listed) {
      const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
      if (endpoint === undefined || reported.has(source) || !OTHER_NAMES.has(endpointHost(endpoint)))
        continue;
      reported.add(source);
      yield {
        message: `the endpoint of registry ${source} is ${endpoint}, but for Docker Hub it must be index.docker.io`,
        hint: `Set ${source}: index.docker.io under registries: in airgap.yaml and in the vendor portal.`,
        position: sourcePosition,
      };
    }
  },
};
