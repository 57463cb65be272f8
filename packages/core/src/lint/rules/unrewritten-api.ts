import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

const UNREWRITTEN = new Set(['apps/v1beta1', 'apps/v1beta2', 'extensions/v1beta1']);

/** A workload with an API version whose images are not rewritten at installation. */
export const unrewrittenApi: Rule = {
  id: 'unrewritten-api',
  severity: 'error',
  explanation:
    "When a Replicated document is installed, images are rewritten to the customer's registry in apps/v1, batch and v1 " +
    "objects, but not in apps/v1beta1, apps/v1beta2 or extensions/v1beta1. Pods of such objects pull from the vendor's " +
    'registry, which is unreachable in the air-gapped cluster. Current Kubernetes versions do not support these API ' +
    'versions. KOTS rewrites the images of every API version, so the rule needs a Replicated document in the input.',
  example: {
    found: `
images:
- name: ghcr.io/team/web
  tag: "1.2"
---
apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: ghcr.io/team/web:1.2
`,
    fixed: `
images:
- name: ghcr.io/team/web
  tag: "1.2"
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: ghcr.io/team/web:1.2
`,
  },
  *check({ spec }) {
    if (!spec.isReplicated) return;
    const unrewritten = spec.used.filter(used => isPodImage(used) && UNREWRITTEN.has(used.apiVersion ?? ''));
    for (const used of firstOfEach(unrewritten)) {
      yield {
        message: `${ownerOf(used)} has apiVersion ${used.apiVersion}: ${used.image.value} is not rewritten to the customer's registry`,
        hint: 'Use apiVersion: apps/v1, and add spec.selector.',
        position: used.image.position,
      };
    }
  },
};
