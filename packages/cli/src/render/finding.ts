import type { Finding, Position, Severity, SourceText } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { markAt } from './mark.ts';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';
import { widthOf } from './width.ts';

const MAX_LINE = 200;
const COLORS = { error: 'red', warning: 'yellow', info: 'blue' } as const;

/** Renders a finding: its position, the problem, the source line with a marker, and the fix. */
export function renderFinding(finding: Finding, sources: readonly SourceText[], colors: Colors): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  return [
    `${colors.bold(renderPosition(position))}: ${colors[COLORS[severity]](severity)} ${colors.dim(rule)}: ${printable(message)}`,
    ...excerpt(position, sources, colors),
    ...related.map(place => `    ${renderPosition(place.position)}: ${printable(place.message)}`),
    `  ${colors.cyan('fix:')} ${printable(hint)}`,
    '',
  ].join('\n');
}

/** Counts the findings by severity in one line. */
export function renderSummary(findings: readonly Finding[]): string {
  const countOf = (level: Severity) => findings.filter(({ severity }) => severity === level).length;
  const notes = countOf('info');
  const parts = [count(countOf('error'), 'error'), count(countOf('warning'), 'warning')];
  if (notes > 0) parts.push(count(notes, 'note'));
  return parts.join(', ');
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

/** Returns blanks as wide as the text. Tabs stay. */
function blank(text: string): string {
  const parts = printableText(text).split('\t');
  return parts.map(part => ' '.repeat(widthOf(part))).join('\t');
}
