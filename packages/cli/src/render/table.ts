import { widthOf } from './width.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** Renders rows aligned under their titles, two blanks between columns. Cells must be printable. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, at) => Math.max(...lines.map(cells => widthOf(cells[at] ?? ''))));
  const cell = (text: string, at: number) => {
    const blanks = ' '.repeat((widths[at] ?? 0) - widthOf(text));
    return columns[at]?.align === 'right' ? blanks + text : text + blanks;
  };
  return lines.map(cells => `${cells.map(cell).join('  ').trimEnd()}\n`).join('');
}
