import { AirgapError, formatWhere } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';

/** Renders an error: what failed, where, and what to do next. Every detail of a compound error is rendered. */
export function renderError(error: unknown, colors: Colors, debug: boolean): string {
  if (!(error instanceof AirgapError)) return renderBug(error, colors, debug);
  const parts = withDetails(error).map(part => renderPart(part, colors).join('\n'));
  if (debug && error.stack) parts.push(colors.dim(printableText(error.stack)));
  return `${parts.join('\n\n')}\n`;
}

/** Returns an error as plain data, for `--json`. */
export function errorObject(error: unknown): object {
  if (!(error instanceof AirgapError)) return { code: 'BUG', message: messageOf(error) };
  const { code, message, hint, where, details } = error;
  return { code, message, hint, where, details: details.map(errorObject) };
}

function withDetails(error: AirgapError): AirgapError[] {
  return [error, ...error.details.flatMap(withDetails)];
}

function renderPart(error: AirgapError, colors: Colors): string[] {
  const { position, ...context } = error.where;
  const place = position ? `${renderPosition(position)}: ` : '';
  const lines = [`${colors.bold(place)}${colors.red('error')}: ${printable(error.message)}`];
  const where = printable(formatWhere(context));
  if (where) lines.push(`  ${colors.cyan('where:')} ${where}`);
  const cause = causeOf(error);
  if (cause) lines.push(`  ${colors.cyan('cause:')} ${printable(cause)}`);
  if (error.hint) lines.push(`  ${colors.cyan('next:')} ${printable(error.hint)}`);
  return lines;
}

/** Returns the message of the cause, unless the error's own message contains it. */
function causeOf({ message, cause }: AirgapError): string | undefined {
  if (cause === undefined) return undefined;
  const text = messageOf(cause);
  return text === '' || message.includes(text) ? undefined : text;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error as NodeJS.ErrnoException).code || '';
}

function renderBug(error: unknown, colors: Colors, debug: boolean): string {
  const stack = debug && error instanceof Error && error.stack ? `${printableText(error.stack)}\n` : '';
  const next = 'this is a bug in airgap; please report it. --debug shows where it happened.';
  return `${colors.red('error')}: ${printable(messageOf(error))}\n  ${colors.cyan('next:')} ${next}\n${stack}`;
}
