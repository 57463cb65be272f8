import { isPodImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';
import { firstOfEach, ownerOf } from '../rule-api/spec-index.ts';

const SECRET = 'replicatedregistrykey';

/** A private image in a pod without the pull secret. */
export const missingPullSecret: Rule = {
  id: 'missing-pull-secret',
  severity: 'warning',
  explanation:
    `Private images are pulled with the secret ${SECRET}, which is created at installation. Without it in ` +
    'imagePullSecrets, the registry rejects the pull and the pod stays in ImagePullBackOff. Images of a configured registry may be private.',
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
    // KOTS and Helm create their own pull secrets.
    if (!specs.spec.isReplicated) return;
    const lacksSecret = (used: (typeof specs.spec.used)[number]) =>
      isPodImage(used) &&
      specs.isPrivate(used) &&
      !used.pullSecrets?.some(({ value, templated }) => templated || value === SECRET);
    for (const used of firstOfEach(specs.spec.used.filter(lacksSecret))) {
      yield {
        image: used.image.value,
        message: `${used.image.value} ${specs.isCertainlyPrivate(used) ? 'is' : 'may be'} private, but ${ownerOf(used)} has no pull secret for it`,
        hint: `Add imagePullSecrets: [{ name: ${SECRET} }] to the pod spec.`,
        position: used.image.position,
      };
    }
  },
};
