import type { Position } from '../../model/position.ts';

/** A scalar of a document as its source text: `3.10` stays `3.10`. */
export interface Text {
  readonly value: string;
  readonly position: Position;
  /** The text contains a template, so its final value is unknown. */
  readonly templated: boolean;
  /** The source text, if the value was computed from a template or from variables. */
  readonly written?: string;
}
