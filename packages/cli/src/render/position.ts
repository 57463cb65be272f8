import { formatPosition, type Position } from '@airgap/core';
import { printable } from './printable.ts';

/** A position on one line, whatever the file is called. */
export function renderPosition(position: Position): string {
  return printable(formatPosition(position));
}
