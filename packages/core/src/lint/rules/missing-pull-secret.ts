import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

const SECRET = 'replicatedregistrykey';

/** A private image in a pod that does not say how to pull it. */
export const missingPullSecret: Rule = {
  id: 'missing-pull-secret',
  severity: 'warning',
  explanation:
    `A private image is pulled with the secret ${SECRET}, which is made at installation. A pod that does not name it ` +
    'under imagePullSecrets asks without credentials, is refused, and stays in ImagePullBackOff.',
  example: {
    found: `
images:
- source: replicated
  name: web
  tag: "1.2"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.replicated.com/shop/web:1.2
`,
    fixed: `
images:
- source: replicated
  name: web
  tag: "1.2"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  imagePullSecrets:
  - name: replicatedregistrykey
  containers:
  - name: web
    image: registry.replicated.com/shop/web:1.2
`,
  },
  *check(specs) {
    // KOTS and Helm have pull secrets of their own.
    if (!specs.spec.isReplicated) return;
    const isLacking = (used: (typeof specs.spec.used)[number]) =>
      isPodImage(used) &&
      specs.isPrivate(used) &&
      !used.pullSecrets?.some(({ value, templated }) => templated || value === SECRET);
    for (const used of firstOfEach(specs.spec.used.filter(isLacking))) {
      yield {
        message: `${used.image.value} is private, and ${ownerOf(used)} has no pull secret for it`,
        hint: `Add imagePullSecrets: [{ name: ${SECRET} }] to its pod spec.`,
        position: used.image.position,
      };
    }
  },
};
