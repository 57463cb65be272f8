import { isPodImage, isSwarmImage } from '../../input/model/spec.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A listed image that no manifest uses. */
export const unusedImage: Rule = {
  id: 'unused-image',
  severity: 'warning',
  explanation:
    'A listed image that no manifest in the input uses makes the bundle larger without need, or a manifest names it ' +
    'differently and its image is missing from the bundle. If the input uses templated images, the rule reports nothing, ' +
    'because a template may produce the image.',
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
    const hasManifests = used.some(image => isPodImage(image) || isSwarmImage(image));
    const hasTemplates = used.some(({ image }) => image.templated);
    if (!hasManifests || hasTemplates) return;
    const seen = new Set<string>();
    for (const image of listed) {
      const key = specs.key(image);
      // duplicate-image reports the second entry of an image.
      const isRepeated = seen.has(key);
      seen.add(key);
      if (image.form !== 'images' || isRepeated || specs.isExcluded(image)) continue;
      if (specs.usesOf(image).length > 0) continue;
      yield {
        message: `no manifest in the input uses ${image.name}: it is unnecessary, or a manifest names it differently`,
        hint: 'Remove the entry, correct its name and tag, or pass the manifests that use it as well.',
        position: image.position,
      };
    }
  },
};
