import { formatPosition, type Position } from '@airgap/core';
import { printable } from './printable.ts';

/** What CI services take for a command at the start of a line: `::error::…` and `##[…]`. */
const COMMAND = /^\s*(?:::|##\[|##vso\[)/;

/** Renders a position on one line, with an escaped file name, which is never a command of a CI service. */
export function renderPosition(position: Position): string {
  const file = COMMAND.test(position.file) ? `./${position.file}` : position.file;
  return printable(formatPosition({ ...position, file }));
}
