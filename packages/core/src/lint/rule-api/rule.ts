import type { Finding, Severity } from '../../model/finding.ts';
import type { SpecIndex } from './spec-index.ts';

/** What every rule says of itself; its page of docs is made from it. */
export interface RuleText {
  /** Lower-case words with hyphens. */
  readonly id: string;
  /** How grave it is, unless a finding or `airgap.yaml` says otherwise. */
  readonly severity: Severity;
  /** What it looks for, and what would happen to a customer, in a paragraph. */
  readonly explanation: string;
  /** It looks at what registries say: with `lint --online`, and whenever `plan` and `build` ask them. */
  readonly asksRegistries?: true;
  /** The same piece of a spec twice: as the rule finds it, and mended. Nothing for what no piece of a spec can show. */
  readonly example?: { readonly found: string; readonly fixed: string };
}

/** A finding as its rule tells it; without a severity, the rule's own counts. */
export type RawFinding = Omit<Finding, 'rule' | 'severity'> & { readonly severity?: Severity };

/**
 * One thing that the lint looks for. Most rules look at the specs; one that looks at something else names its type,
 * and joins the list of its kind.
 */
export interface Rule<Subject = SpecIndex> extends RuleText {
  check(subject: Subject): Iterable<RawFinding>;
}
