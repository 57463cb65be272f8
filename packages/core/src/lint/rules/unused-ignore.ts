import type { Ignore } from '../rule-api/ignore-comment.ts';
import type { Rule } from '../rule-api/rule.ts';

/** An ignore comment without a finding. */
export const unusedIgnore: Rule<readonly Ignore[]> = {
  id: 'unused-ignore',
  severity: 'warning',
  explanation:
    'An airgap-ignore comment whose rule has no finding on its line is left over from a change. It would hide the next ' +
    'mistake on that line. A comment at the end of a line applies to that line; a comment on its own line applies to ' +
    'the next line that is not a comment.',
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
        message: `unused ignore comment: ${rule} has no finding on line ${line}`,
        hint: 'Remove the comment.',
        position,
      };
    }
  },
};
