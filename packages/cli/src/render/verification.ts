import type { Problem, VerifyResult } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { printable } from './printable.ts';

/** What a check of a bundle found: each problem with its place, then the verdict. */
export function renderVerification(
  { path, images, blobs, bytes, problems }: VerifyResult,
  colors: Colors,
): string {
  const verdict = problems.length > 0 ? colors.red('damaged') : colors.green('whole');
  const sums = `${count(images.length, 'name')}, ${count(blobs, 'blob')}, ${formatBytes(bytes)}`;
  return `${problems.map(one => renderProblem(one, colors)).join('')}${printable(path)}: ${verdict}: ${sums}\n`;
}

function renderProblem({ message, entry, offset }: Problem, colors: Colors): string {
  const place = [entry, offset === undefined ? undefined : `at byte ${offset}`].filter(Boolean).join(' ');
  return `${colors.red('problem')}: ${printable(message)}${place && `  (${printable(place)})`}\n`;
}
