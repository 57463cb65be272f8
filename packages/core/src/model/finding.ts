import type { Position } from './position.ts';

/** The severities of findings, in ascending order. */
export const SEVERITIES = ['info', 'warning', 'error'] as const;

/**
 * The severity of a finding. `error`: it will fail in the air-gapped cluster. `warning`: it will fail unless something
 * outside the input prevents it. `info`: it does not fail, or it is a guess.
 */
export type Severity = (typeof SEVERITIES)[number];

/** Whether a severity is at or above a threshold. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

/** A problem that a lint rule reports in the specs. */
export interface Finding {
  /** The rule's id, for example `latest-tag`. */
  readonly rule: string;
  readonly severity: Severity;
  /** What is wrong and what it causes for the customer, in one sentence. */
  readonly message: string;
  /** How to fix it. */
  readonly hint: string;
  readonly position: Position;
  /** The image as written; absent if the finding is not about one image. */
  readonly image?: string;
  /** Other positions that the finding refers to. */
  readonly related?: readonly { readonly position: Position; readonly message: string }[];
}
