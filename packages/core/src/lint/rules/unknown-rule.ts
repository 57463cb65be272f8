import { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { Rule } from '../rule-api/rule.ts';

/** The rules named in settings and comments, and the known rules. */
export interface NamedRules {
  readonly named: readonly { readonly rule: string; readonly position?: Position | undefined }[];
  /** Rule ids. */
  readonly known: readonly string[];
}

/** A setting or ignore comment for a rule that does not exist. */
export const unknownRule: Rule<NamedRules> = {
  id: 'unknown-rule',
  severity: 'warning',
  explanation:
    'airgap.yaml or a comment names a rule that does not exist, usually a misspelling. The setting has no effect: the ' +
    'finding is still reported, or is still only a warning, and the pipeline does not fail.',
  example: {
    found: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web:1.2 # airgap-ignore latest: only in the lab
`,
    fixed: `
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: quay.io/team/web # airgap-ignore latest-tag: only in the lab
`,
  },
  *check({ named, known }) {
    const hint = `The rules are: ${[...known].sort().join(', ')}.`;
    for (const { rule, position } of named) {
      if (known.includes(rule)) continue;
      if (!position) throw new AirgapError('USAGE', messageFor(rule), { hint });
      yield { message: messageFor(rule), hint, position };
    }
  },
};

function messageFor(rule: string): string {
  return rule === ''
    ? 'airgap-ignore without the rule to suppress'
    : `unknown rule ${JSON.stringify(rule)} (ignored)`;
}
