import type { Ignore } from '../rule-api/ignore-comment.ts';
import type { Rule } from '../rule-api/rule.ts';

/** A comment that silences nothing. */
export const unusedIgnore: Rule<readonly Ignore[]> = {
  id: 'unused-ignore',
  severity: 'warning',
  explanation:
    'An airgap-ignore comment whose rule finds nothing at its line is left over from something that was mended or ' +
    'moved. It hides the next mistake that is made on that line, and the customer meets it instead. A comment at ' +
    'the end of a line speaks of that line; one that stands alone speaks of the next line that is no comment.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    # airgap-ignore latest-tag: only in the lab
    image: quay.io/team/web:1.2
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
`,
  },
  *check(unused) {
    for (const { rule, position, line } of unused) {
      yield {
        message: `${rule} finds nothing at line ${line}: this comment silences nothing, and would hide the next mistake there`,
        hint: 'Remove the comment.',
        position,
      };
    }
  },
};
