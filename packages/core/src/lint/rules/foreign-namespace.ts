import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

/** A private image in an object that chooses its own namespace. */
export const foreignNamespace: Rule = {
  id: 'foreign-namespace',
  severity: 'warning',
  explanation:
    "The pull secret for private images is made in the application's own namespace, and nowhere else. An object with a " +
    'metadata.namespace of its own looks for it there, does not find it, and its pods cannot be pulled.',
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
  namespace: web
spec:
  imagePullSecrets:
  - name: replicatedregistrykey
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
    const isForeign = (used: (typeof specs.spec.used)[number]) =>
      isPodImage(used) &&
      used.namespace !== undefined &&
      !used.namespace.includes('{{') &&
      specs.isPrivate(used);
    for (const used of firstOfEach(specs.spec.used.filter(isForeign))) {
      yield {
        message: `${used.image.value} is private, and ${ownerOf(used)} is in namespace ${used.namespace}, where there is no pull secret for it`,
        hint: 'Leave metadata.namespace out, or make the secret in that namespace as well.',
        position: used.image.position,
      };
    }
  },
};
