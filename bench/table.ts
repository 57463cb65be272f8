/** Cells by row, under a head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For a terminal: columns, two blanks apart. */
export function asText({ head, rows }: Table): string {
  return aligned([head, ...rows])
    .map(cells => `${cells.join('  ').trimEnd()}\n`)
    .join('');
}

/** For a document. */
export function asMarkdown({ head, rows }: Table): string {
  const [first = [], ...rest] = aligned([head, ...rows]);
  const rule = first.map(cell => '-'.repeat(cell.length));
  return [first, rule, ...rest].map(cells => `| ${cells.join(' | ')} |\n`).join('');
}

/** What stands first in a row to the left, the rest to the right. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? [];
  return rows.map(row =>
    widths.map((width, column) => {
      const cell = row[column] ?? '';
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
}
