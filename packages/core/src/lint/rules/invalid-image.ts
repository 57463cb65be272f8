import { toReference } from '../../input/references.ts';
import { usedReference } from '../../input/requests.ts';
import { AirgapError } from '../../model/errors.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';

/** A name that no registry can have, in a list or in a container. */
export const invalidImage: Rule = {
  id: 'invalid-image',
  severity: 'error',
  explanation:
    'A name with upper-case letters, or a tag inside name:, is no image reference. Nothing can pull it, so it cannot ' +
    'go into a bundle, and a pod that uses it stays in InvalidImageName.',
  example: {
    found: `
images:
- name: quay.io/team/web:1.2
`,
    fixed: `
images:
- name: quay.io/team/web
  tag: "1.2"
`,
  },
  *check({ spec, locations }) {
    const { app, registries = {} } = locations;
    for (const image of spec.listed) {
      // Whether the source itself is known is another rule's question, and a missing app is none.
      const isPlaced =
        image.source === 'public' ||
        (image.source === 'replicated' ? Boolean(app) : Object.hasOwn(registries, image.source));
      if (isPlaced) yield* failure(() => toReference(image, locations));
    }
    for (const used of spec.used) if (!used.image.templated) yield* failure(() => usedReference(used));
  },
};

function* failure(find: () => unknown): Generator<RawFinding> {
  try {
    find();
  } catch (error) {
    const position = error instanceof AirgapError ? error.where.position : undefined;
    if (!(error instanceof AirgapError) || !position) throw error;
    yield { message: error.message, hint: error.hint ?? '', position };
  }
}
