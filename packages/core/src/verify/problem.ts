import type { LayoutEntry } from '../layout/layout-files.ts';

/** A problem that verify finds in a bundle. */
export interface Problem {
  readonly message: string;
  /** The name of the file in the layout. */
  readonly entry?: string;
  /** The offset in the tar, in bytes. */
  readonly offset?: number;
}

/** The offset of an entry in its tar; files of a directory have none. */
export function offsetOf(entry: LayoutEntry): Pick<Problem, 'offset'> {
  return 'headerOffset' in entry && typeof entry.headerOffset === 'number'
    ? { offset: entry.headerOffset }
    : {};
}
