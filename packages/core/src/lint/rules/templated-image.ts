import type { Rule } from '../rule-api/rule.ts';
import { ownerOf } from '../rule-api/spec-index.ts';

/** An image whose name contains a template. */
export const templatedImage: Rule = {
  id: 'templated-image',
  severity: 'warning',
  explanation:
    'Templates are rendered at installation, but the bundle is built before. The lint cannot check whether the resulting ' +
    'image is listed, so it may be missing in the air-gapped cluster.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: db
spec:
  containers:
  - name: db
    image: 'postgres:{{repl ConfigOption "version"}}'
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: db
spec:
  containers:
  - name: db
    {{repl if ConfigOptionEquals "version" "15"}}
    image: postgres:15
    {{repl else}}
    image: postgres:16
    {{repl end}}
`,
  },
  *check({ spec }) {
    for (const used of spec.used) {
      if (!used.image.templated) continue;
      yield {
        message: `${used.image.value} of ${ownerOf(used)} is a template: the image is unknown until installation`,
        hint: 'List every image that the template can produce, or write the image itself.',
        position: used.image.position,
        image: used.image.value,
      };
    }
  },
};
