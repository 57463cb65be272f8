import type { Problem, VerifyResult } from '@airgap/core';
import type { Colors } from 'picocolors/types.js';
import { formatBytes } from './bytes.ts';
import { count } from './count.ts';
import { printable } from './printable.ts';
import { renderMatch, renderSignatures, renderSums } from './signing.ts';

/** Renders the verification of a bundle: each problem with its place, then the verdict. */
export function renderVerification(result: VerifyResult, colors: Colors): string {
  const { path, images, blobs, bytes, problems } = result;
  const verdict = problems.length > 0 ? colors.red('FAILED') : colors.green('OK');
  const totals = `${count(images.length, 'name')}, ${count(blobs, 'blob')}, ${formatBytes(bytes)}`;
  const list = problems.map(problem => renderProblem(problem, colors)).join('');
  // The sum of the file is computed only where it is compared.
  const sums = result.fileDigest === undefined ? '' : renderSums(result);
  return `${list}${printable(path)}: ${verdict}: ${totals}\n${sums}${renderMatch(result)}${renderSignatures(result.signatures)}`;
}

function renderProblem({ message, entry, offset }: Problem, colors: Colors): string {
  const parts: string[] = [];
  if (entry) parts.push(entry);
  if (offset !== undefined) parts.push(`at byte ${offset}`);
  const place = parts.length > 0 ? `  (${printable(parts.join(' '))})` : '';
  return `${colors.red('problem')}: ${printable(message)}${place}\n`;
}
