import type { Spec } from '../spec/image.ts';
import type { Locations } from '../spec/locate.ts';
import type { Finding } from './finding.ts';
import { Matching } from './matching.ts';
import { rules } from './rules/index.ts';

/** Applies every rule; findings come in the order of the sources, line by line. */
export function runRules(spec: Spec, locations: Locations): Finding[] {
  const specs = new Matching(spec, locations);
  const findings = rules.flatMap(rule =>
    [...rule.check(specs)].map(finding => ({ rule: rule.id, ...finding })),
  );
  const order = new Map(spec.sources.map(({ file }, index) => [file, index]));
  return findings.sort(
    ({ position: a }, { position: b }) =>
      (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}
