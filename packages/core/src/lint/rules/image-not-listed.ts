import type { Rule } from '../rule.ts';

/** An image that a spec uses and the list lacks. */
export const imageNotListed: Rule = {
  id: 'image-not-listed',
  explanation:
    'Only images of the images: section go into an airgap bundle. One that a spec uses and the list forgot works ' +
    'online, and is missing on the other side of the gap.',
  *check(specs) {
    if (!specs.spec.listed.some(({ form }) => form !== 'component')) return;
    for (const used of specs.spec.used) {
      const reference = specs.reference(used);
      if (reference === undefined || specs.isListed(used)) continue;
      const { image, kind, workload } = used;
      yield {
        severity: 'error',
        message: `${image.value} is used by ${kind} ${workload ?? '(unnamed)'} and is not on the list: it will be missing from the bundle`,
        hint: `Add it to images: with its name and the tag ${JSON.stringify(reference.tag ?? 'latest')}.`,
        position: image.position,
      };
    }
  },
};
