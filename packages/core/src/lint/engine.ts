import type { Spec } from '../spec/image.ts';
import type { Locations } from '../spec/locate.ts';
import type { Finding } from './finding.ts';
import type { RuleGrade } from './grade.ts';
import { Matching } from './matching.ts';
import { rules, specRules } from './rules/index.ts';
import { unknownRule } from './rules/unknown-rule.ts';
import { unusedIgnore } from './rules/unused-ignore.ts';
import { Silencing } from './silencing.ts';

/**
 * Applies every rule that is not off; findings come in the order of the sources, line by line, those about other
 * files first.
 *
 * @throws AirgapError `USAGE` for the grade of a rule that there is not, unless it says where it was written
 */
export function runRules(spec: Spec, locations: Locations, grades: readonly RuleGrade[] = []): Finding[] {
  const silencing = new Silencing(spec.sources, grades);
  const named = [...silencing.grades, ...silencing.ignores];
  const findings = [
    ...silencing.check(specRules, new Matching(spec, locations)),
    ...silencing.check([unknownRule], { named, known: rules.map(({ id }) => id) }),
  ];
  // Which ignores are in use is known only now.
  findings.push(...silencing.check([unusedIgnore], silencing.unused([...specRules, unknownRule])));
  return inOrder(findings, spec);
}

function inOrder(findings: readonly Finding[], { sources }: Spec): Finding[] {
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const placeOf = (file: string) => order.get(file) ?? -1;
  return [...findings].sort(
    ({ position: a }, { position: b }) =>
      placeOf(a.file) - placeOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
