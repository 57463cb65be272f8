import { AirgapError } from '../../model/errors.ts';
import type { Position } from '../../model/position.ts';
import type { Rule } from '../rule-api/rule.ts';

/** The rules that somebody named, and those that there are. */
export interface NamedRules {
  readonly named: readonly { readonly rule: string; readonly position?: Position | undefined }[];
  /** Ids. */
  readonly known: readonly string[];
}

/** A rule that somebody turns off or grades and that there is not. */
export const unknownRule: Rule<NamedRules> = {
  id: 'unknown-rule',
  severity: 'warning',
  explanation:
    'airgap.yaml or a comment names a rule that does not exist, most often by a slip of the pen. What was to be ' +
    'silenced goes on being told, or what was to be an error stays a warning, and the pipeline lets it pass.',
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
    ? 'airgap-ignore needs the rule that it silences'
    : `there is no rule called ${JSON.stringify(rule)}: this changes nothing`;
}
