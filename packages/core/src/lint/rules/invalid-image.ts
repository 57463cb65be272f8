import { type RegistrySettings, toReference } from '../../input/references.ts';
import { usedReference } from '../../input/requests.ts';
import { AirgapError } from '../../model/errors.ts';
import type { RawFinding, Rule } from '../rule-api/rule.ts';

/** An invalid image reference, listed or used. */
export const invalidImage: Rule = {
  id: 'invalid-image',
  severity: 'error',
  explanation:
    'A name with upper-case letters, or with a tag inside name:, is an invalid image reference. It cannot be pulled or ' +
    'added to a bundle, and a pod that uses it stays in InvalidImageName.',
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
    for (const image of spec.listed) {
      // unknown-registry reports unknown sources; a missing app is not a finding.
      if (isSourceKnown(image.source, locations)) yield* failure(() => toReference(image, locations));
    }
    for (const used of spec.used) if (!used.image.templated) yield* failure(() => usedReference(used));
  },
};

function isSourceKnown(source: string, { app, registries = {} }: RegistrySettings): boolean {
  if (source === 'public') return true;
  if (source === 'replicated') return Boolean(app);
  return Object.hasOwn(registries, source);
}

function* failure(find: () => unknown): Generator<RawFinding> {
  try {
    find();
  } catch (error) {
    const position = error instanceof AirgapError ? error.where.position : undefined;
    if (!(error instanceof AirgapError) || !position) throw error;
    yield { message: error.message, hint: error.hint ?? '', position };
  }
}
