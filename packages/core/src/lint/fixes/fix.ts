import type { Edit } from '../../edit/edit.ts';
import type { FixContext } from './fix-context.ts';

/** An edit of one file, and what it is for. */
export interface FixEdit extends Edit {
  readonly file: string;
  /** What it does, in a few words, for example `set imagePullPolicy: IfNotPresent`. */
  readonly message: string;
}

/** How the findings of one rule are mended without asking anyone. */
export interface Fix {
  /** The rule's id. */
  readonly id: string;
  /** The edits that are certain to be right; what is not is left to a person. */
  readonly edits: (subject: FixContext) => Iterable<FixEdit>;
}
