import type { Rule } from '../rule-api/rule.ts';

/** A document that cannot be parsed, so its images are unknown. */
export const unreadable: Rule = {
  id: 'unreadable',
  severity: 'error',
  explanation:
    'A document that is not valid YAML, or that has an invalid value for an image, may use images that the lint cannot ' +
    'see and that would be missing in the air-gapped cluster. airgap does not build a bundle from it; other documents ' +
    'are still checked.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web:1.2
     imagePullPolicy: Never
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web:1.2
    imagePullPolicy: Never
`,
  },
  *check({ spec }) {
    for (const { message, hint = '', where } of spec.parseErrors)
      if (where.position) yield { message, hint, position: where.position };
  },
};
