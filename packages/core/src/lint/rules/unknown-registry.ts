import { unknownSource } from '../../input/references.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A `source:` that is not `replicated`, `public` or a configured registry. */
export const unknownRegistry: Rule = {
  id: 'unknown-registry',
  severity: 'error',
  explanation:
    'source: refers to a third-party registry by its configured name. The host of an unknown name cannot be resolved, ' +
    'and the image would be missing from the bundle.',
  example: {
    found: `
images:
- source: theirs # no registry has this name
  name: team/web
  tag: "1.2"
`,
    fixed: `
images:
- source: quay # in airgap.yaml: registries: { quay: quay.io }
  name: team/web
  tag: "1.2"
`,
  },
  *check({ spec, locations }) {
    const known = Object.keys(locations.registries ?? {});
    for (const image of spec.listed) {
      if (image.source === 'public' || image.source === 'replicated' || known.includes(image.source))
        continue;
      const { message, hint = '' } = unknownSource(image, known);
      yield { message, hint, position: image.sourcePosition };
    }
  },
};
