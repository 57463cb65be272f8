/** A table: a header row and rows of cells. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Renders a table for a terminal, two blanks between columns. */
export function asText({ head, rows }: Table): string {
  return aligned([head, ...rows])
    .map(cells => `${cells.join('  ').trimEnd()}\n`)
    .join('');
}

/** Renders a table as Markdown. */
export function asMarkdown({ head, rows }: Table): string {
  const [first = [], ...rest] = aligned([head, ...rows]);
  const rule = first.map(cell => '-'.repeat(cell.length));
  return [first, rule, ...rest].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

/** Aligns the first column left, the others right. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? [];
  return rows.map(row =>
    widths.map((width, column) => {
      const cell = row[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
}
