import type { Position } from '../position.ts';

/** `error`: it will break behind the gap. `warning`: it will unless something outside the input prevents it. */
export type Severity = 'error' | 'warning';

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
