import type { Rule } from '../rule-api/rule.ts';

/** An explicit `imagePullPolicy: Always`, which fails for any tag and digest. */
export const alwaysPull: Rule = {
  id: 'always-pull',
  severity: 'error',
  explanation:
    'With imagePullPolicy: Always, the kubelet contacts the registry each time a pod starts, regardless of the tag. In ' +
    'the air-gapped cluster that registry is unreachable, and the pod stays in ImagePullBackOff although the image is on the node.',
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
    imagePullPolicy: Always
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
    imagePullPolicy: IfNotPresent
`,
  },
  *check(specs) {
    for (const used of specs.spec.used) {
      const { pullPolicies, image, container, kind, name } = used;
      const reference = specs.reference(used);
      // latest-tag already reports these.
      const isLatest = reference?.tag === 'latest' && reference.digest === undefined;
      const always = pullPolicies.find(({ value }) => value === 'Always');
      if (always === undefined || isLatest) continue;
      yield {
        message: `imagePullPolicy: Always makes Kubernetes pull ${image.value} in the air-gapped cluster, regardless of its tag`,
        hint: `Set imagePullPolicy: IfNotPresent on container ${container ?? '(unnamed)'} of ${kind} ${name ?? '(unnamed)'}, or remove the line.`,
        position: always.position,
        image: image.value,
      };
    }
  },
};
