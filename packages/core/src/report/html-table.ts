import { type Markup, markup } from './markup.ts';

/** A column of a table. The first column of a table names the row. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Markup;
  /** Whether it is aligned to the right. */
  readonly isNumber?: boolean;
}

export interface TableOptions<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** One sentence. */
  readonly caption: string;
}

/** Renders a table that a keyboard can scroll and a screen reader can announce row by row. */
export function table<Row>({ columns, rows, caption }: TableOptions<Row>): Markup {
  const heads = columns.map(({ title, isNumber }) =>
    isNumber ? markup`<th scope="col" class="n">${title}</th>` : markup`<th scope="col">${title}</th>`,
  );
  return markup`<div class="scroll" role="region" aria-label="${columns[0]?.title ?? ''}: ${caption}" tabindex="0"><table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows.map(row => markup`<tr>${columns.map((column, at) => renderCell(column, row, at === 0))}</tr>\n`)}</tbody>
</table></div>`;
}

function renderCell<Row>({ cell, isNumber }: Column<Row>, row: Row, isFirst: boolean): Markup {
  if (isFirst) return markup`<th scope="row">${cell(row)}</th>`;
  return isNumber ? markup`<td class="n">${cell(row)}</td>` : markup`<td>${cell(row)}</td>`;
}
