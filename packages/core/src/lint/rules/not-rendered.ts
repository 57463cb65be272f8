import type { Rule } from '../rule-api/rule.ts';

/** A chart or kustomization that could not be rendered. */
export const notRendered: Rule = {
  id: 'not-rendered',
  severity: 'warning',
  explanation:
    'The images of a Helm chart or kustomization are known only after helm, kustomize or kubectl has rendered it. ' +
    'Without rendering, the lint may miss images, and so may a bundle that is built without a list.',
  *check({ spec }) {
    for (const { message, hint = '', where } of spec.renderErrors)
      if (where.position) yield { message, hint, position: where.position };
  },
};
