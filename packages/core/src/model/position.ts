/** A position in a source file. Lines and columns count from 1; columns count UTF-16 code units. */
export interface Position {
  /** The path as the user passed it, or `<stdin>`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Formats a position as editors and compilers do: `file:line:column`. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
