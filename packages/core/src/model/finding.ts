import type { Position } from './position.ts';

/** How grave a finding is, from the least on. */
export const SEVERITIES = ['info', 'warning', 'error'] as const;

/**
 * `error`: it will break behind the gap. `warning`: it will unless something outside the input prevents it. `info`: it
 * breaks nothing; no rule is born with it, but people may grade one so.
 */
export type Severity = (typeof SEVERITIES)[number];

/** Says whether something is at least as grave as a bar. */
export function isAtLeast(severity: Severity, bar: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(bar);
}

/** Something in the specs that a rule does not accept. */
export interface Finding {
  /** The rule's id, for example `latest-tag`. */
  readonly rule: string;
  readonly severity: Severity;
  /** What is there and what it will do to a customer, in one sentence. */
  readonly message: string;
  /** How to mend it, in words. */
  readonly hint: string;
  readonly position: Position;
  /** Other places that belong to it. */
  readonly related?: readonly { readonly position: Position; readonly message: string }[];
}
