import type { Rule } from '../rule-api/rule.ts';
import { ownerOf } from '../rule-api/spec-index.ts';

/** An image that only a template knows. */
export const templatedImage: Rule = {
  id: 'templated-image',
  severity: 'warning',
  explanation:
    'What a template makes of an image is known at installation, and the bundle is made long before. Nobody can say ' +
    'whether it is on the list, so an image that is only named this way may be missing behind the gap.',
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
        message: `${used.image.value} of ${ownerOf(used)} is known only when its template is filled in`,
        hint: 'Make sure that every image it can become is on the list, or write the image itself.',
        position: used.image.position,
      };
    }
  },
};
