import { unknownSource } from '../../input/references.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A `source:` that is neither `replicated` nor `public` nor a registry that was configured. */
export const unknownRegistry: Rule = {
  id: 'unknown-registry',
  severity: 'error',
  explanation:
    'source: names a third-party registry by the name it was given when it was configured. A name that nobody ' +
    'configured cannot be turned into an address: the image would be missing from the bundle.',
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
