import { type Finding, formatPosition, type Position, type SourceText } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { printable } from './printable.ts';

const MAX_LINE = 200;

/** Draws a finding: its place, what is wrong, the line with the place marked, and what to do. */
export function renderFinding(finding: Finding, sources: readonly SourceText[], colors: Colors): string {
  const { severity, rule, message, hint, position, related = [] } = finding;
  const grade = severity === 'error' ? colors.red(severity) : colors.yellow(severity);
  return [
    `${colors.bold(formatPosition(position))}: ${grade} ${colors.dim(rule)}: ${printable(message)}`,
    ...excerpt(position, sources, colors),
    ...related.map(one => `    ${formatPosition(one.position)}: ${printable(one.message)}`),
    `  ${colors.cyan('fix:')} ${printable(hint)}`,
    '',
  ].join('\n');
}

/** Sums findings up in one line. */
export function renderSummary(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`;
}

function excerpt({ file, line, column }: Position, sources: readonly SourceText[], colors: Colors): string[] {
  const text = sources.find(source => source.file === file)?.text.split('\n')[line - 1];
  if (text === undefined || column > MAX_LINE) return [];
  const number = String(line);
  const rest = /^\S+/.exec(text.slice(column - 1))?.[0].length ?? 1;
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [
    `  ${colors.dim(`${number} |`)} ${printable(text.trimEnd().slice(0, MAX_LINE))}`,
    `  ${colors.dim(`${' '.repeat(number.length)} |`)} ${indent}${colors.red('^'.repeat(Math.min(rest, MAX_LINE)))}`,
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
