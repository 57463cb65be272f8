import type { Rule } from '../rule-api/rule.ts';

/** A chart or a kustomization that could not be rendered here. */
export const notRendered: Rule = {
  id: 'not-rendered',
  severity: 'warning',
  explanation:
    'The images of a Helm chart or of a kustomization are known only when helm, kustomize or kubectl renders it. ' +
    'Without that, images may be missing from what is checked here, and from a bundle that has no list.',
  *check({ spec }) {
    for (const { message, hint = '', where } of spec.renderErrors)
      if (where.position) yield { message, hint, position: where.position };
  },
};
