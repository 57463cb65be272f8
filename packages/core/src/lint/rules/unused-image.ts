import { isPodImage, isSwarmImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A listed image that no spec uses. */
export const unusedImage: Rule = {
  id: 'unused-image',
  severity: 'warning',
  explanation:
    'An image of the images: section that no spec in the input uses makes the bundle larger for nothing, or shows that ' +
    'a spec names it differently, and then the customer lacks what that spec needs. Where a template stands for an ' +
    'image, it may be that one, and nothing is said.',
  example: {
    found: `
images:
- name: ghcr.io/team/web
  tag: "1.2"
- name: ghcr.io/team/old
  tag: "1.0"
---
apiVersion: v1
kind: Pod
metadata:
  name: web
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
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: ghcr.io/team/web:1.2
`,
  },
  *check(specs) {
    const { listed, used } = specs.spec;
    if (!used.some(one => isPodImage(one) || isSwarmImage(one)) || used.some(({ image }) => image.templated))
      return;
    for (const image of listed) {
      if (image.form !== 'images' || specs.usesOf(image).length > 0) continue;
      yield {
        message: `no spec in this input uses ${image.name}: it makes the bundle larger, or a spec names it differently`,
        hint: 'Remove it, correct its name and tag, or name the specs that use it as well.',
        position: image.position,
      };
    }
  },
};
