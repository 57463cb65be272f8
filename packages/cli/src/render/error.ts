import { AirgapError, formatWhere } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { printable } from './printable.ts';

/** Says what went wrong, where, and what to do; an error of several parts is told part by part. */
export function renderError(error: unknown, colors: Colors, debug: boolean): string {
  if (!(error instanceof AirgapError)) return renderBug(error, colors, debug);
  const lines = [
    ...renderOne(error, colors),
    ...error.details.flatMap(detail => ['', ...renderOne(detail, colors)]),
  ];
  if (debug && error.stack) lines.push(colors.dim(printable(error.stack)));
  return `${lines.join('\n')}\n`;
}

/** The same as data, for `--json`. */
export function errorObject(error: unknown): object {
  if (!(error instanceof AirgapError))
    return { code: 'BUG', message: String((error as Error)?.message ?? error) };
  const { code, message, hint, where, details } = error;
  return { code, message, hint, where, details: details.map(errorObject) };
}

function renderOne(error: AirgapError, colors: Colors): string[] {
  const { position, ...about } = error.where;
  const place = position ? `${formatWhere({ position })}: ` : '';
  const lines = [`${colors.bold(place)}${colors.red('error')}: ${printable(error.message)}`];
  const rest = printable(formatWhere(about));
  if (rest) lines.push(`  ${colors.cyan('where:')} ${rest}`);
  if (error.hint) lines.push(`  ${colors.cyan('next:')} ${printable(error.hint)}`);
  return lines;
}

function renderBug(error: unknown, colors: Colors, debug: boolean): string {
  const message = printable(error instanceof Error ? error.message : String(error));
  const stack = debug && error instanceof Error && error.stack ? `${printable(error.stack)}\n` : '';
  return `${colors.red('error')}: ${message}\n  This is a bug in airgap; AIRGAP_DEBUG=1 shows where.\n${stack}`;
}
