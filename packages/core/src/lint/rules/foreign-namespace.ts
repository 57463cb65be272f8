import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

/** A private image in an object with an explicit namespace. */
export const foreignNamespace: Rule = {
  id: 'foreign-namespace',
  severity: 'warning',
  explanation:
    "The pull secret for private images is created only in the application's namespace. The pods of an object with " +
    'another metadata.namespace do not find the secret and stay in ImagePullBackOff.',
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
    // KOTS and Helm create their own pull secrets.
    if (!specs.spec.isReplicated) return;
    const isForeign = (used: (typeof specs.spec.used)[number]) =>
      isPodImage(used) &&
      used.namespace !== undefined &&
      !used.namespace.includes('{{') &&
      specs.isPrivate(used);
    for (const used of firstOfEach(specs.spec.used.filter(isForeign))) {
      yield {
        image: used.image.value,
        message: `${used.image.value} ${specs.isCertainlyPrivate(used) ? 'is' : 'may be'} private, but namespace ${used.namespace} of ${ownerOf(used)} has no pull secret for it`,
        hint: 'Remove metadata.namespace, or create the pull secret in that namespace as well.',
        position: used.image.position,
      };
    }
  },
};
