import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

const UNREWRITTEN = new Set(['apps/v1beta1', 'apps/v1beta2', 'extensions/v1beta1']);

/** A workload of an API version whose images are not rewritten at installation. */
export const unrewrittenApi: Rule = {
  id: 'unrewritten-api',
  severity: 'error',
  explanation:
    "At installation, images are rewritten to the customer's registry in apps/v1, batch and v1 objects, and not in " +
    'apps/v1beta1, apps/v1beta2 or extensions/v1beta1. Such a pod goes on asking the registry of the vendor, which ' +
    "nobody reaches behind the gap; today's Kubernetes does not take these versions at all.",
  example: {
    found: `
apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: quay.io/team/web:1.2
`,
    fixed: `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: quay.io/team/web:1.2
`,
  },
  *check({ spec }) {
    const old = spec.used.filter(used => isPodImage(used) && UNREWRITTEN.has(used.apiVersion ?? ''));
    for (const used of firstOfEach(old)) {
      yield {
        message: `${ownerOf(used)} is of ${used.apiVersion}, where ${used.image.value} is not rewritten to the customer's registry`,
        hint: 'Write apiVersion: apps/v1, with spec.selector.',
        position: used.image.position,
      };
    }
  },
};
