import type { Rule } from '../rule-api/rule.ts';

/** A document that cannot be read, so that nobody knows what it names. */
export const unreadable: Rule = {
  id: 'unreadable',
  severity: 'error',
  explanation:
    'A document that is not YAML, or that has something else where an image must be, may name an image that nobody ' +
    'sees. It would be missing behind the gap, so no bundle is built from it; what stands around it is read.',
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
