import type { Position } from '../../model/position.ts';
import type { Severity } from '../../model/finding.ts';

/** How grave a rule's findings are to somebody; `off` asks for none. */
export type Grade = Severity | 'off';

/** A rule that somebody has graded anew. */
export interface RuleGrade {
  readonly rule: string;
  readonly grade: Grade;
  /** Where they wrote it. */
  readonly position?: Position | undefined;
}
