import type { Position } from '../model/position.ts';

/** A place of the specs that was not rewritten. */
export interface Skipped {
  /** What is there, and why it stays, in a few words. */
  readonly message: string;
  readonly position: Position;
}
