import type { Finding, Severity } from '../../model/finding.ts';
import type { SpecIndex } from './spec-index.ts';

/** The description of a rule; its documentation page is generated from it. */
export interface RuleText {
  /** Lower-case words with hyphens. */
  readonly id: string;
  /** The default severity; a finding or `airgap.yaml` can override it. */
  readonly severity: Severity;
  /** What the rule detects and what would fail for the customer, as one paragraph. */
  readonly explanation: string;
  /** The rule needs registries: it runs with `lint --online` and in `plan` and `build`. */
  readonly queriesRegistries?: true;
  /** A piece of input with a finding, and the same piece fixed; undefined if input alone cannot show it. */
  readonly example?: { readonly found: string; readonly fixed: string };
}

/** A finding as its rule reports it; `severity` defaults to that of the rule. */
export type RawFinding = Omit<Finding, 'rule' | 'severity'> & { readonly severity?: Severity };

/**
 * One check of the lint. Most rules check the input; a rule with another subject names its type and is registered in
 * the list for that type.
 */
export interface Rule<Subject = SpecIndex> extends RuleText {
  check(subject: Subject): Iterable<RawFinding>;
}
