import type { Position } from '../../model/position.ts';

/** A scalar of a document, by its source text: `3.10` stays `3.10`. */
export interface Text {
  readonly value: string;
  readonly position: Position;
  /** There is a template in it, so that its value is not known. */
  readonly templated: boolean;
}
