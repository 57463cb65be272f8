import type { Edit } from '../../edit/edit.ts';
import type { FixContext } from './fix-context.ts';

/** An edit of one file, with a description. */
export interface FixEdit extends Edit {
  readonly file: string;
  /** What the edit does, for example `set imagePullPolicy: IfNotPresent`. */
  readonly message: string;
}

/** The automatic fix for the findings of one rule. */
export interface Fix {
  /** The rule's id. */
  readonly id: string;
  /** Returns the edits that are certainly correct; skips findings that need a decision. */
  readonly edits: (context: FixContext) => Iterable<FixEdit>;
}
