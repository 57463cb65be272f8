import type { AppliedFix, FixedFile } from '@airgap/core';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';

/** Lists the fixes with their positions. For a dry run, lists what would be fixed. */
export function renderFixes(fixed: readonly AppliedFix[], dryRun: boolean, colors: Colors): string {
  const done = dryRun ? 'would fix' : 'fixed';
  const lines = fixed.map(
    ({ rule, message, position }) =>
      `${colors.bold(renderPosition(position))}: ${colors.green(done)} ${colors.dim(rule)}: ${printable(message)}\n`,
  );
  return `${lines.join('')}${done} ${count(fixed.length, 'place')}\n`;
}

/** Renders the changes of a file as a unified diff for `patch -p0` or `git apply -p0`. */
export function renderDiff({ file, before, after }: FixedFile): string {
  const name = printable(file);
  const diff = createTwoFilesPatch(name, name, before, after, undefined, undefined, {
    headerOptions: FILE_HEADERS_ONLY,
  });
  // CRLF and byte order marks are harmless on a terminal, and the patch needs them.
  return diff
    .split(/(\r\n|\uFEFF)/)
    .map((piece, at) => (at % 2 === 0 ? printableText(piece) : piece))
    .join('');
}
