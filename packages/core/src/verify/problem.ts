/** A problem that verify finds in a bundle. */
export interface Problem {
  readonly message: string;
  /** The name of the tar entry. */
  readonly entry?: string;
  /** The offset in the file, in bytes. */
  readonly offset?: number;
}
