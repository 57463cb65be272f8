/** A place in a file that a person wrote. Lines and columns count from 1; columns count UTF-16 units. */
export interface Position {
  /** The path as the user gave it, or `<stdin>`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Writes a position as editors and compilers do: `file:line:column`. */
export function formatPosition({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}
