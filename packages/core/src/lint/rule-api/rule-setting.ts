import type { Severity } from '../../model/finding.ts';
import type { Position } from '../../model/position.ts';

/** The configured severity of a rule; `off` disables it. */
export type RuleSeverity = Severity | 'off';

/** A severity override for one rule. */
export interface RuleSetting {
  readonly rule: string;
  readonly severity: RuleSeverity;
  /** Position of the setting in a configuration file. */
  readonly position?: Position | undefined;
}
