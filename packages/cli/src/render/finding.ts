import { type Finding, type Position, SEVERITIES, type Severity, type SourceText } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { markAt } from './mark.ts';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';
import { widthOf } from './width.ts';

const MAX_LINE = 200;
/** Maximum number of further places of a group. */
const MAX_PLACES = 20;
const COLORS = { error: 'red', warning: 'yellow', info: 'blue' } as const;

/**
 * Renders a finding: its position, the problem, the source line with a marker, and the fix.
 *
 * @param others findings of the same rule about the same image
 */
export function renderFinding(
  finding: Finding,
  sources: readonly SourceText[],
  colors: Colors,
  others: readonly Finding[] = [],
): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  return [
    `${colors.bold(renderPosition(position))}: ${colors[COLORS[severity]](severity)} ${colors.dim(rule)}: ${printable(message)}`,
    ...excerpt(position, sources, colors),
    ...related.map(place => `    ${renderPosition(place.position)}: ${printable(place.message)}`),
    ...otherPlaces(finding, others),
    `  ${colors.cyan('fix:')} ${printable(hint)}`,
    '',
  ].join('\n');
}

/** Counts the findings by severity in one line, errors and warnings always. */
export function renderSummary(findings: readonly Finding[]): string {
  const notes = countOf(findings, 'info');
  const parts = [
    count(countOf(findings, 'error'), 'error'),
    count(countOf(findings, 'warning'), 'warning'),
    ...(notes > 0 ? [count(notes, 'note')] : []),
  ];
  return parts.join(', ');
}

/** Counts the findings of each severity that occurs: `6 warnings, 1 note`. */
export function renderCounts(findings: readonly Finding[]): string {
  const nouns = { error: 'error', warning: 'warning', info: 'note' } as const;
  const parts = SEVERITIES.toReversed().flatMap(severity => {
    const number = countOf(findings, severity);
    return number > 0 ? [count(number, nouns[severity])] : [];
  });
  return parts.join(', ');
}

/** Groups the findings of one rule about one image, in order of their first; others stay alone. */
export function groupFindings(findings: readonly Finding[]): [Finding, ...Finding[]][] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const [index, finding] of findings.entries()) {
    const { rule, severity, image } = finding;
    const key = image === undefined ? String(index) : JSON.stringify([rule, severity, image]);
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}

function countOf(findings: readonly Finding[], level: Severity): number {
  return findings.filter(({ severity }) => severity === level).length;
}

/** Lists the other places of a group; those with a message of their own have it beside them. */
function otherPlaces(first: Finding, others: readonly Finding[]): string[] {
  const shown = others.slice(0, MAX_PLACES).map(({ position, message }) => {
    const remark = message === first.message ? '' : `: ${printable(message)}`;
    return `    also ${renderPosition(position)}${remark}`;
  });
  const hidden = others.length - shown.length;
  return hidden > 0 ? [...shown, `    and ${count(hidden, 'more place')}`] : shown;
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
