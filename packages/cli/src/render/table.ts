export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** Aligns rows under their titles; columns are two blanks apart. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map(cells => (cells[at] ?? '').length)));
  const cell = (text: string, at: number) =>
    columns[at]?.align === 'right' ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  return lines.map(cells => `${cells.map(cell).join('  ').trimEnd()}\n`).join('');
}
