import { endpointHost } from '../../input/references.ts';
import { ignoredPath, nameWithPath } from '../rule-api/endpoint-path.ts';
import type { Rule } from '../rule-api/rule.ts';

/** An endpoint whose path is not part of the image's name. */
export const endpointPath: Rule = {
  id: 'endpoint-path',
  severity: 'warning',
  explanation:
    'Replicated uses only the host of a third-party registry. A path in its endpoint is ignored, so that an image whose ' +
    'name does not repeat the path is looked for in another repository, and is missing or a different image.',
  example: {
    found: `
images:
- source: team # in airgap.yaml: registries: { team: quay.io/team }
  name: web
  tag: "1.2"
`,
    fixed: `
images:
- source: team # in airgap.yaml: registries: { team: quay.io/team }
  name: team/web
  tag: "1.2"
`,
  },
  *check({ spec, locations: { registries = {} } }) {
    for (const image of spec.listed) {
      const { source, name, position } = image;
      const endpoint = Object.hasOwn(registries, source) ? registries[source] : undefined;
      const intended = nameWithPath(image, registries);
      if (endpoint === undefined || intended === undefined) continue;
      yield {
        message: `the endpoint of registry ${source} has a path, /${ignoredPath(endpoint)}, which Replicated ignores: ${name} is looked for at ${endpointHost(endpoint)}/${name}`,
        hint: `Write name: ${intended}.`,
        position,
      };
    }
  },
};
