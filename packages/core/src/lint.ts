import type { OnEvent } from './events.ts';
import { runRules } from './lint/engine.ts';
import type { Finding } from './lint/finding.ts';
import type { RuleGrade } from './lint/grade.ts';
import type { Spec } from './spec/image.ts';
import type { Locations } from './spec/locate.ts';
import { readSpec, type SpecOptions } from './spec/read.ts';
import type { SourceText } from './spec/source.ts';

export interface LintOptions extends SpecOptions {
  readonly locations?: Locations | undefined;
  /** Rules that are off or graded anew; the last word on a rule counts. */
  readonly rules?: readonly RuleGrade[] | undefined;
  readonly onEvent?: OnEvent | undefined;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  /** The texts that the findings' positions are in. */
  readonly sources: readonly SourceText[];
  /** How many places of the specs name an image. */
  readonly images: number;
}

/** Says what in the specs would break behind the gap; nothing is asked of any registry. @throws AirgapError `INPUT`, `USAGE` */
export async function lint(options: LintOptions): Promise<LintResult> {
  const { locations = {}, rules, onEvent } = options;
  const spec = await readSpec(options);
  const findings = runRules(spec, locations, rules);
  for (const finding of findings) onEvent?.({ type: 'finding', finding });
  return lintResult(spec, findings);
}

/** What the lint tells of specs and the findings in them. */
export function lintResult({ sources, listed, used }: Spec, findings: readonly Finding[]): LintResult {
  return {
    findings,
    sources: sources.filter(({ rendered }) => !rendered),
    images: listed.length + used.length,
  };
}
