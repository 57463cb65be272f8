/** Something that is wrong with a bundle. */
export interface Problem {
  readonly message: string;
  /** The tar entry that it is about. */
  readonly entry?: string;
  /** Where that entry begins in the file, in bytes. */
  readonly offset?: number;
}
