import type { Position } from '../model/position.ts';

/** A place in the specs that was not rewritten. */
export interface Skipped {
  /** What was skipped and why. */
  readonly message: string;
  readonly position: Position;
}
