import type { Finding } from './finding.ts';
import type { Matching } from './matching.ts';

/** One thing that the lint looks for. */
export interface Rule {
  /** Lower-case words with hyphens. */
  readonly id: string;
  /** What it looks for, and what would happen to a customer, in a paragraph. */
  readonly explanation: string;
  check(specs: Matching): Iterable<Omit<Finding, 'rule'>>;
}
