import { formatPosition, type Position } from '@airgap/core';
import { printable } from './printable.ts';

/** Renders a position on one line, with an escaped file name. */
export function renderPosition(position: Position): string {
  return printable(formatPosition(position));
}
