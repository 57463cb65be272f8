import type { Severity } from '../../model/finding.ts';
import type { Position } from '../../model/position.ts';

/** How grave a rule's findings are to somebody; `off` asks for none. */
export type RuleSeverity = Severity | 'off';

/** A rule that somebody has graded anew. */
export interface RuleSetting {
  readonly rule: string;
  readonly grade: RuleSeverity;
  /** Where they wrote it. */
  readonly position?: Position | undefined;
}
