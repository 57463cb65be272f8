import { endpointHost } from '../../input/references.ts';
import type { Rule } from '../rule-api/rule.ts';

const OTHER_NAMES = new Set([
  'docker.io',
  'hub.docker.com',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/** Docker Hub under another name than the vendor portal takes. */
export const dockerHubEndpoint: Rule = {
  id: 'docker-hub-endpoint',
  severity: 'warning',
  explanation:
    'For Docker Hub, the endpoint of a third-party registry must be index.docker.io. With another of its names the ' +
    'portal does not find the images, although they can be pulled by hand.',
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
    const told = new Set<string>();
    for (const { source, sourcePosition } of spec.listed) {
      const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
      if (endpoint === undefined || told.has(source) || !OTHER_NAMES.has(endpointHost(endpoint))) continue;
      told.add(source);
      yield {
        message: `the endpoint of registry ${source} is ${endpoint}, and Docker Hub's must be index.docker.io`,
        hint: `Write ${source}: index.docker.io under registries: in airgap.yaml, and in the vendor portal.`,
        position: sourcePosition,
      };
    }
  },
};
