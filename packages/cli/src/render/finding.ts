import type { Finding, Position, Severity, SourceText } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { markAt } from './mark.ts';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';
import { widthOf } from './width.ts';

const MAX_LINE = 200;
const COLORS = { error: 'red', warning: 'yellow', info: 'blue' } as const;

/** Draws a finding: its place, what is wrong, the line with the place marked, and what to do. */
export function renderFinding(finding: Finding, sources: readonly SourceText[], colors: Colors): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  return [
    `${colors.bold(renderPosition(position))}: ${colors[COLORS[severity]](severity)} ${colors.dim(rule)}: ${printable(message)}`,
    ...excerpt(position, sources, colors),
    ...related.map(one => `    ${renderPosition(one.position)}: ${printable(one.message)}`),
    `  ${colors.cyan('fix:')} ${printable(hint)}`,
    '',
  ].join('\n');
}

/** Sums findings up in one line. */
export function renderSummary(findings: readonly Finding[]): string {
  const of = (wanted: Severity) => findings.filter(({ severity }) => severity === wanted).length;
  const infos = of('info');
  return `${count(of('error'), 'error')}, ${count(of('warning'), 'warning')}${infos > 0 ? `, ${infos} for information` : ''}`;
}

function excerpt(position: Position, sources: readonly SourceText[], colors: Colors): string[] {
  const { line, column } = position;
  const mark = markAt(position, sources);
  if (mark === undefined || column > MAX_LINE) return [];
  const text = mark.line.slice(0, MAX_LINE);
  const marked = mark.word.slice(0, MAX_LINE - column + 1) || ' ';
  const number = String(line);
  return [
    `  ${colors.dim(`${number} |`)} ${printableText(text)}`,
    `  ${colors.dim(`${' '.repeat(number.length)} |`)} ${blank(text.slice(0, column - 1))}${colors.red('^'.repeat(widthOf(printable(marked))))}`,
  ];
}

/** As wide as the text, tabs where it has tabs. */
function blank(text: string): string {
  const parts = printableText(text).split('\t');
  return parts.map(part => ' '.repeat(widthOf(part))).join('\t');
}
