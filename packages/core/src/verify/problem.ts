import type { LayoutEntry } from '../layout/layout-files.ts';

/** A problem that verify finds in a bundle. */
export interface Problem {
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** The name of the file in the layout. */
  readonly entry?: string;
  /** The offset in the tar, in bytes. */
  readonly offset?: number;
  /** The names of the images that need the file; none for a problem of the bundle itself. */
  readonly images?: readonly string[];
  /** The size in bytes of a blob that must be downloaded again. */
  readonly size?: number;
}

/** The offset of an entry in its tar; files of a directory have none. */
export function offsetOf(entry: LayoutEntry): Pick<Problem, 'offset'> {
  return 'headerOffset' in entry && typeof entry.headerOffset === 'number'
    ? { offset: entry.headerOffset }
    : {};
}
