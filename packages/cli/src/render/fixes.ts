import type { AppliedFix, FixedFile } from '@airgap/core';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { Colors } from 'picocolors/types.js';
import { count } from './count.ts';
import { renderPosition } from './position.ts';
import { printable, printableText } from './printable.ts';

/** Says what was fixed, place by place; in a dry run, what would be. */
export function renderFixes(fixed: readonly AppliedFix[], dryRun: boolean, colors: Colors): string {
  const done = dryRun ? 'would fix' : 'fixed';
  const lines = fixed.map(
    ({ rule, message, position }) =>
      `${colors.bold(renderPosition(position))}: ${colors.green(done)} ${colors.dim(rule)}: ${printable(message)}\n`,
  );
  return `${lines.join('')}${done} ${count(fixed.length, 'place')}\n`;
}

/** Shows what fixes change in a file as a unified diff, which `patch -p0` and `git apply -p0` take. */
export function renderDiff({ file, before, after }: FixedFile): string {
  const name = printable(file);
  const diff = createTwoFilesPatch(name, name, before, after, undefined, undefined, {
    headerOptions: FILE_HEADERS_ONLY,
  });
  // Neither carriage returns before line feeds nor byte order marks harm a terminal, and a patch needs them.
  return diff
    .split(/(\r\n|\uFEFF)/)
    .map((piece, at) => (at % 2 === 0 ? printableText(piece) : piece))
    .join('');
}
